// Edits a text file of a runner.

import { busy, enable, h, show, text } from './dom.js';
import { Problem, send } from './api.js';
import { ask } from './dialogs.js';
import { size } from './format.js';
import { nameOf } from './paths.js';
import { showProblem } from './problem.js';

const LARGEST = 1 << 20;

/** Opens a file in its place; `onClose` is called when the reader has closed it. */
export async function edit(place, api, path, onClose) {
  const address = `${api}?${new URLSearchParams({ path })}`;
  let saved = await read(address);
  let outdated = false;
  // Browsers edit with line feeds alone; a file that has carriage returns throughout gets them back.
  const isDos = /\r\n/.test(saved) && !/(^|[^\r])\n/.test(saved);

  const problem = h('div');
  const notice = h('p', { class: 'notice', role: 'status', hidden: true }, 'The file has changed in the runner since it was opened; saving replaces that.');
  const state = h('p', { class: 'hint end', role: 'status' });
  const area = h('textarea', { id: 'editor', rows: '22', spellcheck: 'false', autocapitalize: 'off', wrap: 'off', oninput: draw, onkeydown: keys });
  const save = h('button', { type: 'submit', class: 'primary' }, 'Save');
  const form = h('form', { class: 'part', autocomplete: 'off', onsubmit: submit },
    h('label', { for: 'editor' }, 'Text of ', h('span', { class: 'code' }, path)),
    notice, problem, area,
    h('div', { class: 'row' }, save, h('button', { type: 'button', onclick: close }, 'Close the file'),
      h('p', { class: 'hint' }, h('kbd', {}, 'Ctrl'), ' + ', h('kbd', {}, 'S'), ' saves it'), state));
  area.value = saved.replaceAll('\r\n', '\n');
  saved = area.value;
  place.replaceChildren(form);
  draw();

  return { focus, changed };

  function focus() {
    area.focus();
    area.setSelectionRange(0, 0);
  }

  // Its own saving is a change too: what is there then is what was saved.
  async function changed(name) {
    if (name !== nameOf(path) || outdated || !form.isConnected) return;
    outdated = true;
    const there = await read(address).catch(() => null);
    outdated = there !== null && there.replaceAll('\r\n', '\n') !== saved;
    show(notice, outdated);
  }

  function draw() {
    const differs = area.value !== saved;
    enable(save, differs);
    text(state, differs ? 'Not saved' : 'Saved');
  }

  function keys(event) {
    if (event.key.toLowerCase() !== 's' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit();
  }

  async function submit(event) {
    event.preventDefault();
    if (area.value === saved) return;
    await busy(save, 'Saving…', async () => {
      const words = area.value;
      showProblem(problem, null);
      try {
        await send('PUT', address, { body: new Blob([isDos ? words.replaceAll('\n', '\r\n') : words]) });
        saved = words;
        outdated = false;
        show(notice, false);
      } catch (error) {
        showProblem(problem, error);
      }
    });
    draw();
  }

  async function close() {
    const isSure = area.value === saved || await ask('Close it without saving?', `What you changed in ${nameOf(path)} is lost.`, 'Close it');
    if (!isSure) return;
    place.replaceChildren();
    onClose();
  }
}

async function read(address) {
  const response = await send('GET', address, { accept: '*/*', signal: AbortSignal.timeout(30_000) });
  if (Number(response.headers.get('Content-Length')) > LARGEST) {
    await response.body.cancel();
    throw new Problem(0, 'FILE_LARGE', `The file is larger than ${size(LARGEST)}: download it instead.`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await response.arrayBuffer());
  } catch {
    throw new Problem(0, 'FILE_BINARY', 'The file is not text in UTF-8: download it instead.');
  }
}
