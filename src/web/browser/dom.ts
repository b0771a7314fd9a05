/** The little that the pages' scripts share of the document. */
import { InvariantError } from '../../errors.js';
import type { Lang } from '../pages/view-models.js';

/** An element that the page is known to have. @throws InvariantError if the page and its script do not fit */
export function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new InvariantError(`the page has no ${id}`);
  return found;
}

export function pageLanguage(): Lang {
  return document.documentElement.lang === 'en' ? 'en' : 'sv';
}

/** Same-origin requests only, as the page's policy has it. */
export function browserFetch(path: string): Promise<Response> {
  return fetch(path, { credentials: 'omit', headers: { accept: 'application/json, application/*;q=0.9' } });
}

/** Offers a text as a file. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
