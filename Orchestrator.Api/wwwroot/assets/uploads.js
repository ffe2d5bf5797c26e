// Uploads into a runner, each with its progress and a way to stop it.

import { h, text } from './dom.js';
import { key, Problem, problemOf, proof, proven } from './api.js';
import { size } from './format.js';

const AT_ONCE = 2;

/** Makes the list of uploads; `onEnd` is called when one has ended. */
export function makeUploads(api, onEnd) {
  const list = h('ul', { class: 'entries uploads' });
  const told = h('p', { class: 'unseen', role: 'status' });
  const element = h('div', { class: 'uploading' }, list, told);
  return { element, send };

  /** Uploads files; throws the first problem once all have ended. */
  async function send(files) {
    const waiting = files.map(makeItem);
    list.append(...waiting.map(item => item.element));
    const problems = [];
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let item = waiting.shift(); item; item = waiting.shift()) await run(item, problems);
    }));
    if (problems.length > 0) throw problems[0];
  }

  function makeItem({ file, path }) {
    const stop = new AbortController();
    const bar = h('progress', { max: '1', 'aria-label': `Upload of ${path}` });
    const words = h('span', { class: 'quiet small' }, 'waiting');
    const element = h('li', {}, h('div', { class: 'grow' }, h('p', {}, h('span', { class: 'code' }, path), ' ', words), bar),
      h('button', { type: 'button', class: 'small', 'aria-label': `Stop the upload of ${path}`, onclick: () => stop.abort() }, 'Stop'));
    return { file, path, stop: stop.signal, bar, words, element };
  }

  async function run({ file, path, stop, bar, words, element: item }, problems) {
    try {
      await proven(() => put(`${api}?${new URLSearchParams({ path })}`, file, stop, sent => {
        bar.value = file.size ? sent / file.size : 1;
        text(words, `${size(sent)} of ${size(file.size)}`);
      }), stop);
      text(told, `Uploaded ${path}`);
    } catch (error) {
      if (!stop.aborted) problems.push(error);
    }
    item.remove();
    await Promise.resolve(onEnd()).catch(error => problems.push(error));
  }
}

// fetch does not tell how much was sent.
function put(address, file, signal, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('PUT', address);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.setRequestHeader(proof.header, proof.value());
    if (key.get()) request.setRequestHeader('X-Api-Key', key.get());
    request.upload.onprogress = event => onProgress(event.loaded);
    request.onload = async () => {
      if (request.status < 300) resolve();
      else reject(await problemOf(new Response(request.response, { status: request.status, statusText: request.statusText })));
    };
    request.onerror = request.onabort = () => reject(new Problem(0, 'NO_ANSWER', 'The upload broke off.', { away: true }));
    if (signal.aborted) {
      request.onabort();
      return;
    }
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

/** The files of a drop, folders with everything in them, as { file, path }. */
export function dropped(transfer) {
  const items = [...transfer.items].filter(item => item.kind === 'file');
  return Promise.all(items.map(item => {
    const entry = item.webkitGetAsEntry?.();
    const file = item.getAsFile();
    return entry?.isDirectory ? walk(entry, entry.name) : [{ file, path: file.name }];
  })).then(lists => lists.flat());
}

async function walk(entry, path) {
  if (entry.isFile) return [{ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), path }];
  const reader = entry.createReader();
  const found = [];
  // A folder is read in parts, the last of which is empty.
  for (;;) {
    const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return found;
    for (const child of part) found.push(...await walk(child, `${path}/${child.name}`));
  }
}
