/** A page that registers its browser. What it shows is what `start` and `subscribe` answer. */

import { getToken } from './token.js';
import { createVolley } from './volley.js';

const config = await (await fetch('config.json')).json();
const volley = createVolley({
  url: config.url,
  key: config.key,
  getToken: (registration) => getToken(config.firebase, registration),
});

const at = (id) => document.getElementById(id);

/** Does the work, and shows what came of it. */
async function show(work) {
  at('problem').textContent = '';
  try {
    const { permission, id } = await work();
    at('permission').textContent = permission;
    at('installation').textContent = id ?? 'none';
  } catch (error) {
    at('problem').textContent = error.message;
  }
}

const device = () => ({ userId: at('user').value });

at('subscribe').onclick = () => show(() => volley.subscribe(device()));
at('leave').onclick = () =>
  show(async () => {
    await volley.unsubscribe();
    return { permission: Notification.permission, id: null };
  });

// at every start, for those who have subscribed before
await show(() => volley.start(device()));
