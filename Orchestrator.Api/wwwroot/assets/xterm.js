// xterm.js as this page uses it: its colours, its size, its keys.

import { FitAddon } from '../vendor/xterm-addon-fit.js';
import { Terminal } from '../vendor/xterm.js';
import { openStrictly } from './strict.js';

const SCROLLBACK = 5_000;
const CONTRAST = 4.5;

// What a terminal answers by itself to a program's questions: attributes, status, position, modes, size, colours.
const REPLY = /^\x1b(\[[?>]?[\d;]*(\$y|[cnRt])|[P\]])/;

const dark = matchMedia('(prefers-color-scheme: dark)');

/**
 * Makes a terminal in its place: `onData` gets the bytes that its reader types, and whether they look like an answer of its
 * own; `onLeave` is called when the focus is to leave.
 */
export function makeTerminal(place, { onData, onResize, onLeave, screenReader }) {
  const terminal = new Terminal({
    scrollback: SCROLLBACK,
    minimumContrastRatio: CONTRAST,
    screenReaderMode: screenReader,
    fontFamily: getComputedStyle(place).fontFamily,
    fontSize: 13,
    theme: theme(place),
  });
  const fitting = new FitAddon();
  const encoder = new TextEncoder();
  terminal.loadAddon(fitting);
  openStrictly(terminal, place);
  fitting.fit();
  terminal.onData(words => onData(encoder.encode(words), REPLY.test(words)));
  // Reports of the mouse are bytes, not text.
  terminal.onBinary(bytes => onData(Uint8Array.from(bytes, one => one.charCodeAt(0)), false));
  terminal.onResize(({ cols, rows }) => onResize({ cols, rows }));
  terminal.attachCustomKeyEventHandler(event => isForProgram(event, terminal, onLeave));
  const recolour = () => { terminal.options.theme = theme(place); };
  dark.addEventListener('change', recolour);

  return {
    options: terminal.options,
    write: (bytes, done) => terminal.write(bytes, done),
    reset: () => terminal.reset(),
    focus: () => terminal.focus(),
    fit: () => fitting.fit(),
    size: () => ({ cols: terminal.cols, rows: terminal.rows }),
    dispose: () => {
      dark.removeEventListener('change', recolour);
      terminal.dispose();
    },
  };
}

// Every other key goes to the program, Tab and Escape too.
function isForProgram(event, terminal, onLeave) {
  if (event.ctrlKey && event.key === 'F6') {
    if (event.type === 'keydown') onLeave();
    event.preventDefault();
    return false;
  }
  // Copies what is selected; without a selection it interrupts.
  return !(event.ctrlKey && !event.shiftKey && event.key.toLowerCase() === 'c' && terminal.hasSelection());
}

function theme(place) {
  const { backgroundColor, color } = getComputedStyle(place);
  return { background: backgroundColor, foreground: color, cursor: color, cursorAccent: backgroundColor, selectionBackground: '#4a5a8a' };
}
