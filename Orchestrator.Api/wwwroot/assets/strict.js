// Lets xterm.js run under the page's policy, which forbids style elements and attributes: its style sheets become
// constructed ones, and its attributes are set as properties, both of which the policy allows.

const makeElement = document.createElement;

/** Opens a terminal in its place; its style elements are all made by that. */
export function openStrictly(terminal, place) {
  document.createElement = name => (name === 'style' ? makeSheet() : makeElement.call(document, name));
  try {
    terminal.open(place);
  } finally {
    delete document.createElement;
  }
}

// Coloured text is a span with a style attribute.
HTMLSpanElement.prototype.setAttribute = function setAttribute(name, value) {
  if (name === 'style') this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
};

// Stands in for a style element: its text is a sheet of the document for as long as it is there.
function makeSheet() {
  const sheet = new CSSStyleSheet();
  const element = makeElement.call(document, 'span');
  element.hidden = true;
  Object.defineProperty(element, 'textContent', { set: css => sheet.replaceSync(css) });
  element.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter(one => one !== sheet);
    Element.prototype.remove.call(element);
  };
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  return element;
}
