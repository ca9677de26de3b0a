# Optional: every event as a row, without code. https://cloud.google.com/pubsub/docs/bigquery
resource "google_bigquery_dataset" "events" {
  count = var.bigquery ? 1 : 0

  dataset_id = replace(var.prefix, "-", "_")
  location   = var.region

  depends_on = [google_project_service.this]
}

resource "google_bigquery_table" "events" {
  count = var.bigquery ? 1 : 0

  dataset_id = google_bigquery_dataset.events[0].dataset_id
  table_id   = "events"
  # events are data: `terraform destroy` stops here until the state forgets them (docs/operations.md, "Upgrade, rollback, teardown")
  deletion_protection = true

  time_partitioning {
    type  = "DAY"
    field = "publish_time"
  }

  # the columns that `write_metadata` fills, and the event itself
  schema = jsonencode([
    { name = "subscription_name", type = "STRING" },
    { name = "message_id", type = "STRING" },
    { name = "publish_time", type = "TIMESTAMP" },
    { name = "attributes", type = "JSON" },
    { name = "data", type = "JSON" },
  ])
}

# Outcomes and receipts as rows of schema 1, one for each recipient and receipt: of each campaign those of
# the last export that came whole. docs/warehouse.md has the columns. Another schema is another view.
resource "google_bigquery_table" "rows" {
  count = var.bigquery ? 1 : 0

  dataset_id          = google_bigquery_dataset.events[0].dataset_id
  table_id            = "rows_1"
  deletion_protection = false

  view {
    query = replace(
      trimspace(replace(file("${path.module}/rows.sql"), "\n", " ")),
      "EVENTS",
      "${var.project}.${google_bigquery_table.events[0].dataset_id}.${google_bigquery_table.events[0].table_id}",
    )
    use_legacy_sql = false
  }
}

resource "google_bigquery_table_iam_member" "pubsub" {
  for_each = var.bigquery ? toset(["roles/bigquery.dataEditor", "roles/bigquery.metadataViewer"]) : []

  dataset_id = google_bigquery_table.events[0].dataset_id
  table_id   = google_bigquery_table.events[0].table_id
  role       = each.value
  member     = local.pubsub_agent

  depends_on = [google_project_service_identity.pubsub]
}

resource "google_pubsub_subscription" "bigquery" {
  count = var.bigquery ? 1 : 0

  name  = "${var.prefix}-events-bigquery"
  topic = google_pubsub_topic.events.id

  bigquery_config {
    table          = "${var.project}.${google_bigquery_table.events[0].dataset_id}.${google_bigquery_table.events[0].table_id}"
    write_metadata = true
  }

  expiration_policy {
    ttl = ""
  }

  depends_on = [google_bigquery_table_iam_member.pubsub]
}
