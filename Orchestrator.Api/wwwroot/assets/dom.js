// The page's elements. Text enters as text only; no code of the page accepts markup.

const SVG = 'http://www.w3.org/2000/svg';

export const $ = id => document.getElementById(id);

/** Makes an element: h('button', { type: 'button', onclick }, 'text', child). null and false children are left out. */
export function h(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** Makes an element of a drawing. */
export function s(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter(child => child != null && child !== false));
  return element;
}

/** Sets an element's text if it differs, so that a selection in it survives. */
export function text(element, value) {
  const words = value == null ? '' : String(value);
  if (element.textContent !== words) element.textContent = words;
}

/** Shows or hides an element. */
export function show(element, visible) {
  if (element.hidden === visible) element.hidden = !visible;
}

/**
 * Makes the children of an element those of a list: what was there stays, with its focus; what is new is made, what is
 * gone is removed.
 */
export function keep(parent, items, keyOf, make, update) {
  const old = new Map([...parent.children].map(child => [child.dataset.key, child]));
  let at = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    let child = old.get(key);
    if (child) {
      old.delete(key);
    } else {
      child = make(item);
      child.dataset.key = key;
    }
    update?.(child, item);
    if (child === at) at = at.nextElementSibling;
    else parent.insertBefore(child, at);
  }
  for (const child of old.values()) child.remove();
}

/** Enables or disables a button. It keeps its focus, which `disabled` would take from it. */
export function enable(button, enabled) {
  button.setAttribute('aria-disabled', String(!enabled));
}

export const isEnabled = button => button.getAttribute('aria-disabled') !== 'true';

/** Marks a button as busy while something runs, and prevents a second press. */
export async function busy(button, words, work) {
  if (!isEnabled(button)) return;
  const label = button.textContent;
  enable(button, false);
  button.setAttribute('aria-busy', 'true');
  button.textContent = words;
  try {
    await work();
  } finally {
    button.textContent = label;
    button.removeAttribute('aria-busy');
    enable(button, true);
  }
}

/** Focuses an element when the focused one is gone or hidden. */
export function refocus(element) {
  const had = document.activeElement;
  if (!had || had === document.body || had.closest('[hidden]')) element.focus();
}
