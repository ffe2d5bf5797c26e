// The list of a folder's files, folders first.

import { h, keep, show, text } from './dom.js';
import { age, number, size } from './format.js';
import { now } from './live.js';
import { join } from './paths.js';

const SHOWN = 500;

export const isFolder = entry => entry.type === 'FILE_TYPE_DIRECTORY';

/** Makes a list; each act is called with the path of an entry, whether it is a folder, and the button. */
export function makeList({ open, download, rename, remove }) {
  const rows = h('tbody', { role: 'rowgroup' });
  const table = h('table', { class: 'table', role: 'table', 'aria-label': 'Files', hidden: true },
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' },
      ...['Name', 'Size', 'Changed'].map(name => h('th', { role: 'columnheader', scope: 'col' }, name)),
      h('th', { role: 'columnheader', scope: 'col' }, h('span', { class: 'unseen' }, 'Actions')))), rows);
  const empty = h('p', { class: 'empty' }, 'Asking…');
  return { elements: [table, empty], clear, draw, focus };

  function clear() {
    rows.replaceChildren();
    show(table, false);
    show(empty, true);
    text(empty, 'Asking…');
  }

  function draw(folder, entries) {
    show(table, entries.length > 0);
    show(empty, entries.length === 0 || entries.length > SHOWN);
    text(empty, entries.length === 0 ? 'This folder is empty.' : `The first ${SHOWN} of ${number(entries.length)}.`);
    keep(rows, entries.slice(0, SHOWN), entry => `${entry.type} ${entry.name}`, entry => makeRow(folder, entry), updateRow);
  }

  /** Focuses an entry; false when it is not shown. */
  function focus(name) {
    const button = [...rows.querySelectorAll('.name')].find(one => one.textContent === name);
    button?.focus();
    return Boolean(button);
  }

  function makeRow(folder, entry) {
    const path = join(folder, entry.name);
    const cell = (label, ...children) => h('td', { role: 'cell', 'data-label': label }, ...children);
    const act = (title, work) => h('button', {
      type: 'button', class: 'small', 'aria-label': `${title} ${entry.name}`, onclick: event => work(path, isFolder(entry), event.target),
    }, title);
    return h('tr', { role: 'row' },
      cell('Name',
        h('button', { type: 'button', class: `name code${isFolder(entry) ? ' folder' : ''}`, onclick: event => open(path, isFolder(entry), event.target) }, entry.name),
        h('span', { class: 'quiet small link' })),
      cell('Size', h('span', { class: 'size' })),
      cell('Changed', h('span', { class: 'age' })),
      h('td', { role: 'cell', class: 'acts' }, act('Download', download), act('Rename', rename), act('Remove', remove)));
  }

  function updateRow(row, entry) {
    text(row.querySelector('.link'), entry.symlinkTarget ? ` → ${entry.symlinkTarget}` : '');
    text(row.querySelector('.size'), isFolder(entry) ? '–' : size(Number(entry.size)));
    text(row.querySelector('.age'), entry.modifiedTime ? age(now() - Date.parse(entry.modifiedTime)) : '–');
    row.title = [entry.permissions, entry.owner, entry.group].filter(Boolean).join(' ');
  }
}
