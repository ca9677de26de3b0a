/** The screens of webhooks, in one file for the browser: they share most of what they are made of. */

export { default as Trigger } from './trigger.tsx';
export { default as Webhook } from './webhook.tsx';
export { default as Webhooks } from './webhooks.tsx';
