// The files of a runner: a folder at a time, as it changes.

import { busy, h, refocus, show, text } from './dom.js';
import { call, send } from './api.js';
import { ask } from './dialogs.js';
import { edit } from './editor.js';
import { events } from './events.js';
import { isFolder, makeList } from './file-list.js';
import { askForName } from './names.js';
import { HOME, join, nameOf, trail } from './paths.js';
import { showProblem } from './problem.js';
import { dropped, makeUploads } from './uploads.js';

const SETTLE = 150;
const PAUSE = 1_000;

export function make(session, panel) {
  const api = `api/runner/${encodeURIComponent(session)}/files`;
  const query = (path, more) => new URLSearchParams({ path, ...more });
  let folder = HOME;
  let entries = [];
  let watching = null;
  let settling;
  let editing = null;

  const crumbs = h('ol', {});
  const problem = h('div');
  const state = h('p', { class: 'hint end', role: 'status' });
  const picker = h('input', { type: 'file', multiple: true, class: 'unseen', tabindex: '-1', 'aria-label': 'Files to upload', onchange: pick });
  const upload = action('Upload', () => picker.click());
  const list = makeList({
    open: (path, directory, button) => (directory ? enter(path) : tried(button, () => openFile(path))),
    download: (path, directory, button) => tried(button, () => busy(button, 'Asking…', () => download(path, directory))),
    rename: (path, _, button) => tried(button, () => rename(path)),
    remove: (path, directory, button) => tried(button, () => remove(path, directory)),
  });
  const place = h('div', { class: 'editor' });
  const uploads = makeUploads(api, () => load());
  const browser = h('div', { class: 'part', ondragover: over, ondragleave: leave, ondrop: drop },
    h('nav', { class: 'crumbs', 'aria-label': 'Folder' }, crumbs),
    h('div', { class: 'row' }, upload, picker, action('New folder', makeFolder), action('New file', makeFile),
      h('p', { class: 'hint' }, 'or drop files here'), state),
    problem, uploads.element, ...list.elements);
  panel.append(browser, place);

  return { show: () => watching || go(folder), hide: leaveFolder, close: leaveFolder };

  function action(title, work) {
    return h('button', { type: 'button', class: 'small', onclick: event => tried(event.target, work) }, title);
  }

  // Whatever a button starts fails in the same place.
  async function tried(button, work) {
    showProblem(problem, null);
    try {
      await work(button);
    } catch (error) {
      if (!error.code) throw error;
      showProblem(problem, error);
    }
  }

  function go(path) {
    leaveFolder();
    folder = path;
    entries = [];
    list.clear();
    showProblem(problem, null);
    drawCrumbs();
    watching = new AbortController();
    follow(path, watching.signal);
  }

  function leaveFolder() {
    watching?.abort();
    watching = null;
    clearTimeout(settling);
  }

  async function load() {
    const asked = folder;
    const answer = await call('GET', `${api}/list?${query(asked)}`);
    if (asked !== folder) return;
    entries = answer.entries.sort((a, b) => isFolder(b) - isFolder(a) || a.name.localeCompare(b.name));
    list.draw(folder, entries);
  }

  // The list is read again once the watch stands, so that no change between the two is missed.
  async function follow(path, signal) {
    try {
      await load();
    } catch (error) {
      if (!signal.aborted) showProblem(problem, error);
    }
    while (!signal.aborted) {
      try {
        const response = await send('GET', `${api}/watch?${query(path, { recursive: false })}`, { accept: 'text/event-stream', signal });
        text(state, 'Live');
        await load();
        showProblem(problem, null);
        for await (const { event, data } of events(response.body)) {
          if (event === 'write') editing?.changed(data.name);
          clearTimeout(settling);
          settling = setTimeout(() => load().catch(() => {}), SETTLE);
        }
      } catch (error) {
        if (signal.aborted) return;
        text(state, 'Not live');
        if (!error.away && error.status) {
          showProblem(problem, error);
          if (error.status < 500) return;
        }
      }
      await new Promise(resolve => setTimeout(resolve, PAUSE));
    }
  }

  function drawCrumbs() {
    const steps = [['/', '/'], ['Home', HOME], ...trail(folder)];
    crumbs.replaceChildren(...steps.map(([name, path]) => h('li', {}, h('button', {
      type: 'button', class: 'small', 'aria-current': path === folder && 'location', onclick: () => {
        go(path);
        refocus(crumbs.querySelector('[aria-current]'));
      },
    }, name))));
  }

  function enter(path) {
    go(path);
    refocus(crumbs.querySelector('[aria-current]'));
  }

  async function openFile(path) {
    editing = await edit(place, api, path, () => {
      editing = null;
      show(browser, true);
      if (!list.focus(nameOf(path))) upload.focus();
    });
    show(browser, false);
    editing.focus();
  }

  // A link carries no key, so a signed one is asked for; the browser then writes the file to disk as it comes.
  async function download(path, asArchive) {
    const link = await call('POST', `${api}/link`, { path, operation: 'read', expiresInSeconds: 60 });
    h('a', { href: `${api}/signed${new URL(link.url).search}`, download: asArchive ? `${nameOf(path)}.tar` : nameOf(path) }).click();
  }

  async function rename(path) {
    const name = await askForName(`Rename ${nameOf(path)}`, 'Rename', nameOf(path));
    if (!name || name === nameOf(path)) return;
    if (has(name) && !await ask('Replace it?', `${name} exists already.`, 'Replace it')) return;
    await send('POST', `${api}/move`, { body: { source: path, destination: join(folder, name) } });
    await load();
    refocus(upload);
  }

  async function remove(path, withAll) {
    const words = withAll ? 'The folder and everything in it is removed from the runner.' : 'The file is removed from the runner.';
    if (!await ask(`Remove ${nameOf(path)}?`, words, 'Remove it')) return;
    await call('DELETE', `${api}?${query(path)}`);
    await load();
    refocus(upload);
  }

  async function makeFolder() {
    const name = await askForName('New folder', 'Make it');
    if (!name) return;
    await send('POST', `${api}/directory`, { body: { path: join(folder, name) } });
    await load();
  }

  async function makeFile() {
    const name = await askForName('New file', 'Make it');
    if (!name) return;
    if (!has(name)) await send('PUT', `${api}?${query(join(folder, name))}`, { body: new Blob() });
    await load();
    await openFile(join(folder, name));
  }

  function pick() {
    const files = [...picker.files].map(file => ({ file, path: file.name }));
    picker.value = '';
    tried(upload, () => sendAll(files));
  }

  function over(event) {
    if (!event.dataTransfer.types.includes('Files')) return;
    event.preventDefault();
    browser.classList.add('over');
  }

  function leave(event) {
    if (!browser.contains(event.relatedTarget)) browser.classList.remove('over');
  }

  function drop(event) {
    event.preventDefault();
    browser.classList.remove('over');
    // Read before anything is awaited: the browser empties the list after the event.
    const files = dropped(event.dataTransfer);
    tried(upload, async () => sendAll(await files));
  }

  async function sendAll(files) {
    const known = files.filter(({ path }) => has(path.split('/')[0])).map(({ path }) => path);
    if (known.length > 0 && !await ask('Replace what is there?', `${known.slice(0, 5).join(', ')}${known.length > 5 ? ` and ${known.length - 5} more` : ''} may exist already.`, 'Replace')) return;
    await uploads.send(files.map(({ file, path }) => ({ file, path: join(folder, path) })));
  }

  function has(name) {
    return entries.some(entry => entry.name === name);
  }
}
