locals {
  # Whole CPUs: an instance with a fraction of one takes one request at a time. Memory was measured
  # (docs/operations.md, "Cold starts and memory"): no function holds more than 200 MB, but Node's heap wants
  # room. Start-up CPU boost has no argument here; functions of the second generation have it on
  # (`run.googleapis.com/startup-cpu-boost`).
  functions = {
    # Short requests and a few long ones: an import may be 32 MiB, Cloud Run's limit, and writes a
    # thousand installations a second.
    api = { target = "api", memory = "512Mi", concurrency = 80, instances = 10, timeout = 900 }

    # 4 planners to a CPU: each waits for Firestore half of its time. 10 x 4 = 40 slots = 24 + 16.
    plan = { target = "plan", memory = "512Mi", concurrency = 4, instances = 10, timeout = 600 }

    # 5 x 12 = 60 slots = 44 + 16. Few instances: each holds up to four connections, and Apple treats
    # many connections as an attack. One instance can send about 50,000 pushes a second.
    send-apns = { target = "sendApns", memory = "512Mi", concurrency = 12, instances = 5, timeout = 600 }

    # 3 x 16 = 48 slots for 24 + 16. If FCM answers in 80 ms, one instance uses all of the default
    # quota. More slots for each instance mean fewer billed instances.
    send-fcm = { target = "sendFcm", memory = "512Mi", concurrency = 16, instances = 3, timeout = 600 }

    # 4 x 20 = 80 slots: 40 for the queue, 40 for Pub/Sub. They wait for other people's servers.
    deliver = { target = "deliver", memory = "256Mi", concurrency = 20, instances = 4, timeout = 60 }

    # One at a time: the next call comes a minute later. More would be harmless, but useless.
    tick = { target = "tick", memory = "256Mi", concurrency = 1, instances = 1, timeout = 300 }
  }

  # Of the 600 seconds a sender uses 540 (functions/model/timing.ts, CHUNK_DEADLINE_MS); Cloud
  # Tasks gives up after 600 as well.

  environment = {
    GOOGLE_CLOUD_PROJECT  = var.project
    VOLLEY_REGION         = var.region
    VOLLEY_PREFIX         = var.prefix
    VOLLEY_DATABASE       = local.database_id
    VOLLEY_INVOKER        = google_service_account.invoker.email
    VOLLEY_PLAN_URL       = local.urls.plan
    VOLLEY_SEND_APNS_URL  = local.urls["send-apns"]
    VOLLEY_SEND_FCM_URL   = local.urls["send-fcm"]
    VOLLEY_DELIVER_URL    = local.urls.deliver
    VOLLEY_RETENTION_DAYS = var.retention_days
    VOLLEY_TRUSTED_HOPS   = var.trusted_hops
    # Cloud Run checks the invoker's token before we see it and takes its signature away, so only what
    # the token says is left to check (functions/http/auth/oidc.ts). That is safe because only the
    # invoker has roles/run.invoker on these functions, see below.
    VOLLEY_INVOKER_CHECK = "platform"
  }

  # Stack traces in the log name the lines of functions/. The bounds of V8's heap, in MB, are said because V8
  # takes them from the memory that it sees, and lets garbage lie until it is near them
  # (test/bench/README.md, "On the Google engine"). How the heap grows below them: functions/entry/heap.ts.
  node_options = {
    for name, it in local.functions : name => join(" ", [
      "--enable-source-maps",
      "--max-semi-space-size=8",
      "--max-old-space-size=${tonumber(trimsuffix(it.memory, "Mi")) / 2}",
    ])
  }
}

resource "google_cloudfunctions2_function" "this" {
  for_each = local.functions

  name     = "${var.prefix}-${each.key}"
  location = var.region

  build_config {
    runtime           = "nodejs24"
    entry_point       = each.value.target
    service_account   = google_service_account.build.id
    docker_repository = google_artifact_registry_repository.images.id

    source {
      storage_source {
        bucket = google_storage_bucket.source.name
        object = google_storage_bucket_object.source.name
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.function[each.key].email
    available_cpu                    = "1"
    available_memory                 = each.value.memory
    max_instance_request_concurrency = each.value.concurrency
    max_instance_count               = each.value.instances
    min_instance_count               = lookup(var.warm, each.key, 0)
    timeout_seconds                  = each.value.timeout

    # Only Cloud Tasks, Pub/Sub and Cloud Scheduler of this project call the other functions, so the
    # internet cannot reach those. IAM and the function's own check of the token protect them as well.
    # https://cloud.google.com/functions/docs/networking/network-settings#ingress_settings
    ingress_settings = each.key == "api" ? "ALLOW_ALL" : "ALLOW_INTERNAL_ONLY"

    environment_variables = merge(
      local.environment,
      { VOLLEY_URL = local.urls[each.key], NODE_OPTIONS = local.node_options[each.key] },
      lookup(local.credentials, each.key, {}),
    )

    dynamic "secret_volumes" {
      for_each = { for name, it in local.secrets : name => it if contains(it.readers, each.key) }
      content {
        mount_path = "/secrets/${secret_volumes.key}"
        project_id = var.project
        secret     = google_secret_manager_secret.this[secret_volumes.key].secret_id

        versions {
          version = "latest"
          path    = "value"
        }
      }
    }
  }

  # a build reads its source, and an instance its secrets, as soon as they exist
  depends_on = [
    google_artifact_registry_repository_iam_member.build,
    google_project_iam_member.build_logs,
    google_project_iam_member.build_sources,
    google_project_iam_member.datastore_user,
    google_project_service.this,
    google_secret_manager_secret_iam_member.reader,
    google_storage_bucket_iam_member.build,
  ]
}

# The API is public and checks its own keys. Nothing else is public. No resource depends on this grant,
# so an organisation that forbids it blocks nothing else: docs/operations.md, "If something is refused".
resource "google_cloud_run_v2_service_iam_member" "public" {
  count = var.public ? 1 : 0

  name     = google_cloudfunctions2_function.this["api"].name
  location = var.region
  role     = "roles/run.invoker"
  member   = "allUsers"
}

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = setsubtract(keys(local.functions), ["api"])

  name     = google_cloudfunctions2_function.this[each.key].name
  location = var.region
  role     = "roles/run.invoker"
  member   = google_service_account.invoker.member
}
