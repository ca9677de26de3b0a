locals {
  fcm_project = try(coalesce(var.fcm.project, var.project), var.project)
}

# FCM needs no key: the functions' own accounts send. Google's smallest role can do more than send; this
# role has only the one permission.
# https://firebase.google.com/docs/cloud-messaging/auth-server
resource "google_project_iam_custom_role" "fcm_sender" {
  count = var.fcm == null ? 0 : 1

  project     = local.fcm_project
  role_id     = "${replace(var.prefix, "-", "_")}_fcm_sender"
  title       = "Volley: sends FCM messages"
  permissions = ["cloudmessaging.messages.create"]

  depends_on = [google_project_service.this]
}

# send-fcm sends. The API only asks FCM whether it would take a message (`volley doctor`), which is
# the same permission. The API's account can queue a campaign anyway.
resource "google_project_iam_member" "fcm_sender" {
  for_each = var.fcm == null ? [] : toset(["api", "send-fcm"])

  project = local.fcm_project
  role    = google_project_iam_custom_role.fcm_sender[0].name
  member  = google_service_account.function[each.key].member
}
