/** Lists, a page at a time. */

export interface Page<T> {
  items: T[];
  /** opaque; null at the end */
  next: string | null;
}
