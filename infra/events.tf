locals {
  # signs the pushes, writes dead letters
  pubsub_agent = "serviceAccount:service-${local.number}@gcp-sa-pubsub.iam.gserviceaccount.com"

  # A function that changes a campaign's state publishes an event for it. The sweep of `tick` publishes
  # events that were not published, and `deliver` publishes that a webhook is disabled.
  publishers = toset(keys(local.functions))
}

# Pub/Sub's own account in this project. Created here, since Pub/Sub creates it later.
resource "google_project_service_identity" "pubsub" {
  provider = google-beta

  project = var.project
  service = "pubsub.googleapis.com"

  depends_on = [google_project_service.this]
}

resource "google_pubsub_topic" "events" {
  name = "${var.prefix}-events"
  # how far back a subscription can be replayed, if a webhook's receiver has lost events
  message_retention_duration = "604800s"

  depends_on = [google_project_service.this]
}

resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = local.publishers

  topic  = google_pubsub_topic.events.name
  role   = "roles/pubsub.publisher"
  member = google_service_account.function[each.key].member
}

resource "google_pubsub_subscription" "events" {
  name                       = "${var.prefix}-events"
  topic                      = google_pubsub_topic.events.id
  ack_deadline_seconds       = 60
  message_retention_duration = "604800s"

  push_config {
    push_endpoint = local.urls.deliver

    oidc_token {
      service_account_email = google_service_account.invoker.email
      audience              = local.urls.deliver
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead.id
    max_delivery_attempts = 20
  }

  # a month without events must not delete the subscription
  expiration_policy {
    ttl = ""
  }
}

# Events that could not be delivered. They are kept two weeks, for `volley events redrive`.
resource "google_pubsub_topic" "dead" {
  name = "${var.prefix}-events-dead"

  depends_on = [google_project_service.this]
}

resource "google_pubsub_subscription" "dead" {
  name                       = "${var.prefix}-events-dead"
  topic                      = google_pubsub_topic.dead.id
  ack_deadline_seconds       = 60
  message_retention_duration = "1209600s"

  expiration_policy {
    ttl = ""
  }
}

# volley events dead-letters, volley events redrive
resource "google_pubsub_subscription_iam_member" "redrives" {
  subscription = google_pubsub_subscription.dead.name
  role         = "roles/pubsub.subscriber"
  member       = google_service_account.function["api"].member
}

# What Pub/Sub itself must be allowed to do.
# https://cloud.google.com/pubsub/docs/handling-failures#grant_forwarding_permissions
resource "google_pubsub_topic_iam_member" "dead_letters" {
  topic  = google_pubsub_topic.dead.name
  role   = "roles/pubsub.publisher"
  member = local.pubsub_agent

  depends_on = [google_project_service_identity.pubsub]
}

resource "google_pubsub_subscription_iam_member" "dead_letters" {
  subscription = google_pubsub_subscription.events.name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent

  depends_on = [google_project_service_identity.pubsub]
}

# https://cloud.google.com/pubsub/docs/authenticate-push-subscriptions
resource "google_service_account_iam_member" "pubsub_signs" {
  service_account_id = google_service_account.invoker.name
  role               = "roles/iam.serviceAccountOpenIdTokenCreator"
  member             = local.pubsub_agent

  depends_on = [google_project_service_identity.pubsub]
}
