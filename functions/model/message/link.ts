/** The name in a push's data under which an app finds the message's `link`, on every platform. */
export const LINK_KEY = 'link';
