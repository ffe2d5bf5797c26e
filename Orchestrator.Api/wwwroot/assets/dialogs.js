// The page's two dialogs: for a key, and for a confirmation.

import { $, text } from './dom.js';
import { key } from './api.js';

/** Asks for an API key until one is given; `refused` means that the current one is unknown. */
export function askForKey(refused) {
  const dialog = $('key-dialog');
  if (dialog.open) return Promise.resolve();
  if (refused) text($('key-why'), 'The key is unknown. Enter one of Security:ApiKeys.');
  $('key').value = '';
  dialog.showModal();
  return new Promise(resolve => {
    $('key-form').onsubmit = () => {
      key.set($('key').value.trim());
      resolve();
    };
    // Without a key the page shows nothing.
    dialog.oncancel = event => event.preventDefault();
  });
}

/** Asks whether something is really meant. */
export function ask(title, words, yes) {
  const dialog = $('ask-dialog');
  text($('ask-title'), title);
  text($('ask-text'), words);
  text($('ask-yes'), yes);
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise(resolve => {
    dialog.onclose = () => resolve(dialog.returnValue === 'yes');
  });
}
