// A runner opened from the list: its terminal, its files and its processes. Loaded when the first one is opened.

import { $, h, refocus, show, text } from './dom.js';
import { countdown } from './format.js';
import { loadStyle } from './load.js';
import { now } from './live.js';
import { runnerOf } from './runners.js';
import * as sessions from './sessions.js';
import { asTabs, mark } from './tabs.js';
import * as files from './files.js';
import * as processes from './processes.js';
import * as terminals from './terminals.js';

const PARTS = [['terminal', 'Terminal', terminals.make], ['files', 'Files', files.make], ['processes', 'Processes', processes.make]];

let opened = null;
let chosen = 0;

sessions.onLeave(session => opened?.session === session && close());

/** Opens a session's runner; the button that did it gets the focus back at its end. */
export async function open(session, button) {
  await loadStyle('assets/sandbox.css');
  close();
  const parts = PARTS.map(([name, title, make]) => {
    const panel = h('div', { role: 'tabpanel', id: `sandbox-${name}`, 'aria-labelledby': `sandbox-tab-${name}`, class: 'part', hidden: true });
    const tab = h('button', { role: 'tab', type: 'button', id: `sandbox-tab-${name}`, 'aria-controls': panel.id }, title);
    return { tab, panel, view: make(session, panel, attach) };
  });
  const tabs = parts.map(part => part.tab);
  const left = h('span', { class: 'quiet' });
  const place = $('sandbox');
  place.replaceChildren(
    h('div', { class: 'line' },
      h('h2', { id: 'sandbox-title' }, 'Runner of ', h('span', { class: 'code' }, session)), left,
      h('button', { type: 'button', class: 'small end', onclick: close }, 'Close')),
    h('div', { class: 'tabs', role: 'tablist', 'aria-labelledby': 'sandbox-title' }, ...tabs),
    ...parts.map(part => part.panel));
  opened = { session, button, parts, clock: setInterval(drawTime, 1_000) };
  let wasThere = false;
  asTabs(tabs, select);
  show(place, true);
  drawTime();
  select(tabs[chosen]);
  place.scrollIntoView({ block: 'start' });
  tabs[chosen].focus({ preventScroll: true });

  function select(tab) {
    chosen = tabs.indexOf(tab);
    mark(tabs, tab);
    for (const part of parts) {
      if (part.tab === tab) part.view.show();
      else part.view.hide();
    }
  }

  // A process with a terminal is shown in the terminal.
  function attach(pid) {
    select(tabs[0]);
    parts[0].view.attach(pid);
  }

  function drawTime() {
    const runner = runnerOf(session);
    if (wasThere && !runner) {
      stop();
      text(left, 'The runner is gone.');
      return;
    }
    wasThere ||= Boolean(runner);
    const renewed = sessions.holds(session) ? ', renewed while this tab is open' : '';
    text(left, !runner ? '' : runner.expiresAt ? `${countdown(Date.parse(runner.expiresAt) - now())} left${renewed}` : 'no expiry');
  }
}

function stop() {
  clearInterval(opened.clock);
  opened.parts.forEach(part => part.view.close());
}

/** Closes what is opened; what runs in the runner runs on. */
function close() {
  if (!opened) return;
  const { button } = opened;
  stop();
  opened = null;
  show($('sandbox'), false);
  refocus(button.isConnected ? button : $('runners'));
  $('sandbox').replaceChildren();
}
