// Terminals of a runner, one at a time: leaving one detaches from it, and its program runs on.

import { $, h, text } from './dom.js';
import { call } from './api.js';
import { loadStyle } from './load.js';
import { loadProblem, showProblem } from './problem.js';
import { connect } from './socket.js';

const ATTEMPTS = 10;
const PAUSE = 500;
// A replay ends with the first silence, or after a while where there is none.
const QUIET = 200;
const LONGEST_REPLAY = 2_000;

/** The terminal that each session had last, to attach to again. */
const last = new Map();

export function make(session, panel) {
  const state = h('p', { class: 'hint', role: 'status' });
  const fresh = h('button', { type: 'button', class: 'small', onclick: () => (terminal ? begin() : start()) }, 'New terminal');
  const reader = h('input', { type: 'checkbox', onchange: () => terminal && (terminal.options.screenReaderMode = reader.checked) });
  const problem = h('div');
  const place = h('div', { class: 'console' });
  panel.append(
    h('div', { class: 'row' }, fresh, h('label', { class: 'check' }, reader, ' for screen readers'),
      h('p', { class: 'hint' }, h('kbd', {}, 'Ctrl'), ' + ', h('kbd', {}, 'F6'), ' leaves the terminal'), state),
    problem, place);

  let terminal = null;
  let connection = null;
  let attempts = 0;
  let replaying = false;
  let closed = false;
  let watch = null;

  return { show: start, hide: () => {}, close, attach };

  async function start() {
    if (watch) {
      terminal?.focus();
      return;
    }
    watch = new ResizeObserver(() => requestAnimationFrame(() => terminal?.fit()));
    text(state, 'Loading…');
    try {
      const [{ makeTerminal }] = await Promise.all([import('./xterm.js'), loadStyle('vendor/xterm.css')]);
      if (closed) return;
      terminal = makeTerminal(place, {
        onData: (bytes, isReply) => !(replaying && isReply) && connection?.send(bytes),
        onResize: size => connection?.resize(size),
        onLeave: () => fresh.focus(),
        screenReader: reader.checked,
      });
    } catch (error) {
      watch = null;
      text(state, '');
      showProblem(problem, loadProblem(error));
      return;
    }
    watch.observe(place);
    begin(last.get(session));
  }

  function attach(pid) {
    last.set(session, pid);
    if (terminal) begin(pid);
  }

  // Opens a terminal, or attaches to one.
  function begin(pid) {
    connection?.close();
    showProblem(problem, null);
    text(state, pid ? 'Attaching…' : 'Opening…');
    replaying = Boolean(pid);
    let quiet, longest;
    const mine = connection = connect(session, { ...terminal.size(), pid }, {
      onOpen: opened => {
        attempts = 0;
        terminal.reset();
        last.set(session, opened);
        text(state, `Process ${opened}`);
        longest = setTimeout(live, LONGEST_REPLAY);
        settle();
        if (isLookedAt()) terminal.focus();
      },
      onData: bytes => terminal.write(bytes, replaying ? settle : undefined),
      onEnd: end => mine === connection && ended(end, pid),
    });

    // What a program asked of its terminal before is not answered again: the answers would be typed into what runs now.
    function settle() {
      clearTimeout(quiet);
      if (replaying) quiet = setTimeout(live, QUIET);
    }

    function live() {
      clearTimeout(longest);
      if (mine === connection) replaying = false;
    }
  }

  function ended({ finished, wasOpen, reason }, pid) {
    connection = null;
    if (closed) return;
    if (finished) {
      last.delete(session);
      text(state, reason);
      refocusNew();
    } else if (wasOpen || attempts > 0) {
      again();
    } else if (pid) {
      last.delete(session);
      begin();
    } else {
      refused();
    }
  }

  function again() {
    if (++attempts > ATTEMPTS) {
      attempts = 0;
      refused();
      return;
    }
    text(state, 'The connection broke; attaching again…');
    setTimeout(() => !closed && !connection && begin(last.get(session)), PAUSE * attempts);
  }

  // A browser does not tell why a WebSocket was refused: another call of the same runner does.
  async function refused() {
    text(state, 'Not connected');
    try {
      await call('GET', `api/runner/${encodeURIComponent(session)}/processes`);
      text(state, 'The terminal could not be opened');
    } catch (error) {
      showProblem(problem, error);
    }
    refocusNew();
  }

  // The focus is taken only from where the terminal was asked for.
  function isLookedAt() {
    const focused = document.activeElement;
    return focused === $(panel.getAttribute('aria-labelledby')) || panel.contains(focused);
  }

  function refocusNew() {
    if (place.contains(document.activeElement)) fresh.focus();
  }

  function close() {
    closed = true;
    watch?.disconnect();
    connection?.close();
    terminal?.dispose();
    terminal = null;
  }
}
