// Opens xterm.js under the page's policy, which forbids <style> elements and style attributes: its style sheets become
// constructed ones, and its attributes are set as properties, both of which the policy allows.

/** Opens a terminal in its place. */
export function openStrictly(terminal, place) {
  terminal.options.documentOverride = strictDocument;
  // One of its parts does not honour the option, and asks the document itself.
  document.createElement = create;
  try {
    terminal.open(place);
  } finally {
    delete document.createElement;
  }
}

const makeElement = document.createElement.bind(document);

const strictDocument = new Proxy(document, {
  get(target, name) {
    if (name === 'createElement') return create;
    const value = Reflect.get(target, name, target);
    return typeof value === 'function' ? value.bind(target) : value;
  },
});

function create(name) {
  if (name === 'style') return makeSheet();
  const element = makeElement(name);
  if (name === 'span') element.setAttribute = setAttribute;
  return element;
}

function setAttribute(name, value) {
  if (name === 'style') this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
}

// Stands in for a <style> element: its text becomes a sheet of the document for as long as it is there.
function makeSheet() {
  const sheet = new CSSStyleSheet();
  const element = makeElement('span');
  element.hidden = true;
  Object.defineProperty(element, 'textContent', { set: css => sheet.replaceSync(css) });
  element.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter(one => one !== sheet);
    Element.prototype.remove.call(element);
  };
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  return element;
}
