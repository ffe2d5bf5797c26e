// The four views as tabs: arrow keys, Home and End move, the address keeps the view, following the ARIA practices.

import { $, show } from './dom.js';

const tabs = [...document.querySelectorAll('[role=tab]')];
const listeners = [];

/** The name of the current view. */
export const current = () => tabs.find(tab => tab.getAttribute('aria-selected') === 'true').getAttribute('aria-controls');

/** Calls back when another view is shown. */
export const onTab = listener => listeners.push(listener);

export function start() {
  for (const tab of tabs) {
    tab.addEventListener('click', () => open(tab));
    tab.addEventListener('keydown', event => move(event, tab));
  }
  addEventListener('hashchange', fromAddress);
  fromAddress();
}

function fromAddress() {
  const tab = tabs.find(one => `#${one.getAttribute('aria-controls')}` === location.hash);
  if (tab) select(tab);
}

function open(tab) {
  // Not by a link, so that the page keeps its scroll position.
  window.history.replaceState(null, '', `#${tab.getAttribute('aria-controls')}`);
  select(tab);
}

function move(event, tab) {
  const at = tabs.indexOf(tab);
  const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const next = tabs[(to + tabs.length) % tabs.length];
  open(next);
  next.focus();
}

function select(chosen) {
  for (const tab of tabs) {
    tab.setAttribute('aria-selected', String(tab === chosen));
    tab.tabIndex = tab === chosen ? 0 : -1;
    show($(tab.getAttribute('aria-controls')), tab === chosen);
  }
  listeners.forEach(listener => listener());
}
