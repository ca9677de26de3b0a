locals {
  single_app = !var.several_apps

  # The functions that read each secret: the sender that uses it, and the API, which checks a message
  # against the app's credentials before it accepts a campaign (functions/pipeline/accept/accept.ts).
  secrets = merge(
    local.single_app && var.apns != null ? { apns-key = { readers = ["api", "send-apns"] } } : {},
    local.single_app && try(var.apns.next_key_id, null) != null ? { apns-next-key = { readers = ["api", "send-apns"] } } : {},
    var.several_apps ? { apps = { readers = ["api", "send-apns", "send-fcm"] } } : {},
  )

  # Which credentials a function has. Secrets are files in memory, not variables, so a dump of the
  # environment contains no key.
  apns_environment = var.apns == null ? {} : merge(
    {
      APNS_KEY     = "/secrets/apns-key/value"
      APNS_KEY_ID  = var.apns.key_id
      APNS_TEAM_ID = var.apns.team_id
      APNS_TOPIC   = var.apns.topic
    },
    var.apns.next_key_id == null ? {} : {
      APNS_NEXT_KEY    = "/secrets/apns-next-key/value"
      APNS_NEXT_KEY_ID = var.apns.next_key_id
    },
  )
  fcm_environment  = var.fcm == null ? {} : { FCM_PROJECT_ID = local.fcm_project }
  apps_environment = { VOLLEY_APPS = "/secrets/apps/value" }

  credentials = var.several_apps ? {
    api       = local.apps_environment
    send-apns = local.apps_environment
    send-fcm  = local.apps_environment
    } : {
    api       = merge(local.apns_environment, local.fcm_environment)
    send-apns = local.apns_environment
    send-fcm  = local.fcm_environment
  }
}

# The secrets without their values. You add the values by hand (README.md, step 5), so Terraform's state
# never contains them.
resource "google_secret_manager_secret" "this" {
  for_each = local.secrets

  secret_id = "${var.prefix}-${each.key}"

  replication {
    auto {}
  }

  depends_on = [google_project_service.this]
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each = merge([
    for name, it in local.secrets : { for function in it.readers : "${name} ${function}" => { secret = name, function = function } }
  ]...)

  secret_id = google_secret_manager_secret.this[each.value.secret].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.value.function].member
}
