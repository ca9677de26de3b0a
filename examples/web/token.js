/** The token of this browser: from Firebase, or made up where no Firebase project is configured. */

const SDK = 'https://www.gstatic.com/firebasejs/13.2.0';

/** `firebase`: `{ config, vapidKey }` of the project, or null. */
export async function getToken(firebase, registration) {
  if (!firebase) return madeUp();
  const [{ initializeApp, getApps }, messaging] = await Promise.all([
    import(`${SDK}/firebase-app.js`),
    import(`${SDK}/firebase-messaging.js`),
  ]);
  const app = getApps()[0] ?? initializeApp(firebase.config);
  return messaging.getToken(messaging.getMessaging(app), {
    vapidKey: firebase.vapidKey,
    serviceWorkerRegistration: registration,
  });
}

/** Of the form of FCM's, and the same at each start. Only the simulated FCM takes it. */
function madeUp() {
  const kept = localStorage.getItem('token');
  if (kept) return kept;
  const random = () => crypto.randomUUID().replaceAll('-', '');
  const token = `${random()}:APA91b${random()}${random()}${random()}${random()}`;
  localStorage.setItem('token', token);
  return token;
}
