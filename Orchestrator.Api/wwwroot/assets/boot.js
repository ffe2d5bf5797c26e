// Starts the page. A connection that breaks off while its files are loaded, as where a server or a network is being
// started beside the browser, must not leave half a page behind: then all of it is loaded anew.

const TRIES = 'orchestrator.tries';
const PAUSE = 1_000;
const MOST = 20;

function again(error) {
  const tries = Number(sessionStorage.getItem(TRIES)) + 1;
  sessionStorage.setItem(TRIES, tries);
  const state = document.querySelector('#state .words');
  if (state) state.textContent = tries > MOST ? 'The page could not be loaded: reload it' : 'Loading once more…';
  if (tries <= MOST) setTimeout(() => location.reload(), PAUSE * Math.min(tries, 5));
  else console.error(error);
}

addEventListener('load', async () => {
  try {
    const styles = [...document.querySelectorAll('link[rel=stylesheet]')];
    if (styles.some(style => !style.sheet?.cssRules.length)) throw new Error('A style sheet is missing.');
    await import('./app.js');
    sessionStorage.removeItem(TRIES);
  } catch (error) {
    again(error);
  }
});
