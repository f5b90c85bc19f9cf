/** Make an element. Text goes in as text only. */
export function element(tag, { text, ...properties } = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

/** A choice that looks like a chip: a native radio button or checkbox within its label. */
export function chip(type, name, value, text, ...more) {
  const input = element("input", { type, name, value });
  return element("label", { className: "chip" }, input, element("span", { text }), ...more);
}

/** A copy of a template of the page. */
export function copyOf(id) {
  return document.getElementById(id).content.cloneNode(true);
}

/** Say for a moment on a button what it did. */
export function flash(button, text, milliseconds = 2000) {
  const usual = (button.dataset.usual ??= button.textContent);
  button.textContent = text;
  clearTimeout(button.flashing);
  button.flashing = setTimeout(() => {
    button.textContent = usual;
  }, milliseconds);
}
