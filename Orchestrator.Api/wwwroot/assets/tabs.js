// The four views as tabs: arrow keys, Home and End move, the address keeps the view, following the ARIA practices. Other
// lists of tabs use the same keys.

import { $, show } from './dom.js';

const tabs = [...document.querySelectorAll('.top [role=tab]')];
const listeners = [];

/** The name of the current view. */
export const current = () => tabs.find(tab => tab.getAttribute('aria-selected') === 'true').getAttribute('aria-controls');

/** Calls back when another view is shown. */
export const onTab = listener => listeners.push(listener);

export function start() {
  asTabs(tabs, open);
  addEventListener('hashchange', fromAddress);
  fromAddress();
}

/** Makes a list of tabs open by click and by its keys. */
export function asTabs(list, choose) {
  for (const tab of list) {
    tab.addEventListener('click', () => choose(tab));
    tab.addEventListener('keydown', event => {
      const at = list.indexOf(tab);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: list.length - 1 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      const next = list[(to + list.length) % list.length];
      choose(next);
      next.focus();
    });
  }
}

/** Marks one tab of a list as chosen and shows its panel. */
export function mark(list, chosen) {
  for (const tab of list) {
    tab.setAttribute('aria-selected', String(tab === chosen));
    tab.tabIndex = tab === chosen ? 0 : -1;
    show($(tab.getAttribute('aria-controls')), tab === chosen);
  }
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

function select(chosen) {
  mark(tabs, chosen);
  listeners.forEach(listener => listener());
}
