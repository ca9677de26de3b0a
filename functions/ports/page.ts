/**
 * Lists, a page at a time. An adapter says that a list has ended only after an empty answer: a short one
 * may have been cut off on its way.
 */

export interface Page<T> {
  items: T[];
  /** opaque; null at the end */
  next: string | null;
}
