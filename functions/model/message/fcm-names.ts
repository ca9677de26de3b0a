/** Names in an FCM message that an author may not use. No import: senders load this file too. */

/**
 * In data: "from", "message_type" and what begins with google. or gcm.
 * https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages
 */
export const reservedByFcm = /^(?:from|message_type|google\..*|gcm\..*)$/;

/** Set for each recipient: another one would send a campaign to those that its audience has not. */
export const fcmTargets = ['token', 'topic', 'condition', 'fid', 'name'] as const;
