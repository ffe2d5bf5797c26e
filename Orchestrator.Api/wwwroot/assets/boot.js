// Starts the page. If a connection breaks while the files load, as when server or network start beside the browser, the
// whole page is reloaded rather than left incomplete.

const ATTEMPTS = 'orchestrator.attempts';
const PAUSE = 1_000;
const MOST = 20;

function again(error) {
  const attempts = Number(sessionStorage.getItem(ATTEMPTS)) + 1;
  sessionStorage.setItem(ATTEMPTS, attempts);
  const state = document.querySelector('#state .words');
  if (state) state.textContent = attempts > MOST ? 'The page could not be loaded: reload it' : 'Reloading…';
  if (attempts <= MOST) setTimeout(() => location.reload(), PAUSE * Math.min(attempts, 5));
  else console.error(error);
}

addEventListener('load', async () => {
  try {
    const styles = [...document.querySelectorAll('link[rel=stylesheet]')];
    if (styles.some(style => !style.sheet?.cssRules.length)) throw new Error('A style sheet is missing.');
    await import('./app.js');
    sessionStorage.removeItem(ATTEMPTS);
  } catch (error) {
    again(error);
  }
});
