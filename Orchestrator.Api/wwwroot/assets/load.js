// Loads what only some readers need, when they need it.

import { h } from './dom.js';
import { loadProblem } from './problem.js';

const styles = new Map();

/** Loads a style sheet once; one that failed is tried again. */
export function loadStyle(address) {
  if (!styles.has(address)) styles.set(address, append(address));
  return styles.get(address);
}

function append(address) {
  return new Promise((resolve, reject) => {
    const link = h('link', {
      rel: 'stylesheet',
      href: address,
      onload: resolve,
      onerror: error => {
        styles.delete(address);
        link.remove();
        reject(loadProblem(error));
      },
    });
    document.head.append(link);
  });
}
