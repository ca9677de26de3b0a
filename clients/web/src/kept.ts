/**
 * What the page and its service worker keep, in one IndexedDB: only that is there for both. The Cache API
 * would be shorter, but many apps' workers delete all caches that they do not know.
 */

import type { Receipt } from './receipts.ts';

/** One browser of one person, and where it reports to. */
export interface Me {
  /** of the installation: made here, once */
  id: string;
  url: string;
  key: string;
  /** false: no receipts */
  receipts: boolean;
  token?: string;
  /** the registration that the API has taken */
  sent?: string;
  /** when, in ms since the epoch */
  at?: number;
}

interface Rooms {
  state: Me;
  receipts: Receipt;
}

/** Resolves with the request's result, once it is stored. */
export const using = <T>(
  room: keyof Rooms,
  work: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> =>
  new Promise((resolve, reject) => {
    const opening = indexedDB.open('volley', 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore('state');
      // one of each kind for a campaign: a double replaces the first
      opening.result.createObjectStore('receipts', { keyPath: ['campaignId', 'kind'] });
    };
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction(room, 'readwrite');
      const request = work(transaction.objectStore(room));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
      // once its transactions have ended
      database.close();
    };
  });

export const readMe = (): Promise<Me | undefined> => using('state', (it) => it.get('me'));
export const keepMe = (me: Me) => using('state', (it) => it.put(me, 'me'));
