/**
 * Sends the form as a browser would, without leaving the page, and disables its button until the answer
 * arrives. Refusals are requested as pages, and shown in the same place.
 */
export function inPlace(path: string) {
  return {
    'hx-post': path,
    'hx-headers': '{"Accept": "text/html"}',
    'hx-target': '#content',
    'hx-select': '#content',
    'hx-swap': 'outerHTML show:window:top',
    'hx-replace-url': 'true',
    'hx-disabled-elt': 'find button',
  }
}
