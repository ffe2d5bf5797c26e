// Asks for a name, in a dialog that is made for the question.

import { h } from './dom.js';

/** Asks for a name; null when the reader leaves it. */
export function askForName(title, yes, value = '') {
  const input = h('input', { id: 'name', type: 'text', required: true, maxlength: '255', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false' });
  const dialog = h('dialog', { 'aria-labelledby': 'name-title' },
    h('form', { method: 'dialog' },
      h('h2', { id: 'name-title' }, title),
      h('div', { class: 'field' }, h('label', { for: 'name' }, 'Name'), input),
      h('div', { class: 'row' },
        h('button', { class: 'primary', value: 'yes' }, yes),
        h('button', { value: 'no', formnovalidate: true }, 'Leave it'))));
  input.value = value;
  document.body.append(dialog);
  dialog.showModal();
  input.select();
  return new Promise(resolve => dialog.addEventListener('close', () => {
    dialog.remove();
    resolve(dialog.returnValue === 'yes' ? input.value : null);
  }));
}
