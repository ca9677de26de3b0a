/**
 * Names in an FCM message that an author may not use. It imports nothing, since senders load this file
 * too.
 */

/**
 * In data: "from", "message_type" and what begins with google. or gcm.
 * https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
 */
export const reservedByFcm = /^(?:from|message_type|google\..*|gcm\..*)$/;

/** Volley sets the target for each recipient: an author's would send to devices outside of the audience. */
export const fcmTargets = ['token', 'topic', 'condition', 'fid', 'name'] as const;
