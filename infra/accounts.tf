# An account for each function, with the fewest permissions it needs. Each grant stands beside the
# resource that it is for. No account has a key.
resource "google_service_account" "function" {
  for_each = local.functions

  account_id   = "${var.prefix}-${each.key}"
  display_name = "Volley: the function ${each.key}"

  depends_on = [google_project_service.this]
}

# The invoker: Cloud Tasks, Pub/Sub and Cloud Scheduler call the functions as this account. It may do
# nothing else.
resource "google_service_account" "invoker" {
  account_id   = "${var.prefix}-invoker"
  display_name = "Volley: calls the functions"

  depends_on = [google_project_service.this]
}

# A function that queues a task names the invoker in it. Cloud Tasks checks that it may act as that account.
# https://cloud.google.com/tasks/docs/creating-http-target-tasks#sa
resource "google_service_account_iam_member" "acts_as_invoker" {
  for_each = toset(flatten(values(local.enqueuers)))

  service_account_id = google_service_account.invoker.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.function[each.key].member
}

# Builds the functions' images. The default would be the project's account, which can do far more.
resource "google_service_account" "build" {
  account_id   = "${var.prefix}-build"
  display_name = "Volley: builds the functions"

  depends_on = [google_project_service.this]
}
