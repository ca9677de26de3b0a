/** A page that registers its browser. What it shows is what `start` and `subscribe` answer. */

import { getToken } from './token.js';
import { createVolley } from './volley.js';

async function create() {
  const config = await (await fetch('config.json')).json();
  return createVolley({
    url: config.url,
    key: config.key,
    getToken: (registration) => getToken(config.firebase, registration),
  });
}

// not awaited here: a click before it is there would do nothing
const created = create();

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

at('subscribe').onclick = () => show(async () => (await created).subscribe(device()));
at('leave').onclick = () =>
  show(async () => {
    await (await created).unsubscribe();
    return { permission: Notification.permission, id: null };
  });

// at every start, for those who have subscribed before
await show(async () => (await created).start(device()));
