/**
 * What a browser would do with the form, without leaving the page, and with its button held down
 * until the answer is there. Refusals are asked for as pages, and put in the same place.
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
