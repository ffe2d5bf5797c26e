// Shows a program's output as it comes: the newest part of it, at its end unless its reader looks further up.

import { h } from './dom.js';

// Long output would make the page slow.
const SHOWN = 400_000;

/** Makes an element show output: `print(stream, words)` adds to it, `clear()` empties it. */
export function screenOf(output) {
  let shown = 0;
  return { print, clear };

  function print(stream, words) {
    const atEnd = output.scrollHeight - output.scrollTop - output.clientHeight < 24;
    const last = output.lastElementChild;
    if (last?.className === stream) last.append(words);
    else output.append(h('span', { class: stream }, words));
    shown += words.length;
    while (shown > SHOWN && output.firstElementChild.firstChild !== output.lastElementChild.lastChild) {
      const first = output.firstElementChild;
      shown -= first.firstChild.length;
      first.firstChild.remove();
      if (!first.firstChild) first.remove();
    }
    if (atEnd) output.scrollTop = output.scrollHeight;
  }

  function clear() {
    output.replaceChildren();
    shown = 0;
  }
}
