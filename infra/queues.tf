locals {
  # A send task carries a chunk of at most 4,000 recipients (functions/model/sizes.ts; chunks of FCM
  # are that large), a task of a `-now` queue at most 50 (functions/model/tasks.ts). Retries count as
  # dispatches, so a rate here bounds all that reaches a provider.
  largest_chunk = 4000
  largest_few   = 50

  # FCM's quota is 600,000 messages a minute and project, unless you asked for more. By default:
  #   95 %  for chunks:  2.375 a second x 4,000 = 9,500 a second, which a campaign alone has
  #   4 %   for pushes to few: 8 a second x 50 = 400 a second
  # and one percent, 6,000 a minute, for what both queues may hand out in a burst: a fifth of a
  # second's tasks, rounded up (functions/queue/pace.ts). So no minute ever has more than the quota,
  # whatever mix of sizes there is.
  # https://firebase.google.com/docs/cloud-messaging/throttling-and-quotas
  fcm_per_second     = var.fcm == null ? 10000 : var.fcm.messages_per_minute / 60
  fcm_now_share      = var.fcm == null ? 0.05 : var.fcm.now_share
  fcm_chunk_rate     = local.fcm_per_second * (1 - local.fcm_now_share) / local.largest_chunk
  fcm_chunk_now_rate = local.fcm_per_second * (local.fcm_now_share - 0.01) / local.largest_few

  # `function` serves the queue. `rate` is in tasks a second, 500 at most. `concurrent` is how many
  # of them may be under way: the queues of a function together stay at or below its instances x
  # concurrency. Beyond it Cloud Run answers 429, and that slows the whole queue.
  queues = {
    # A task for each campaign, and a push to one user is a campaign: a count, a shard planned in
    # place, a tenth of a second. 100 a second is as many transactional pushes as fit in its slots.
    plan = { function = "plan", rate = 100, concurrent = 24 }

    # Some 60,000 installations to a task, a few seconds of reading, freezing and queueing. A million
    # are 16, which begin together.
    shard = { function = "plan", rate = 50, concurrent = 16 }

    # Apple names no quota. A chunk takes about a second with its claim and its commit, so 44 under way
    # are some 45 a second: the slots bind, and a rate of 100 only evens the start out.
    send-apns = { function = "send-apns", rate = 100, concurrent = 44 }

    # Never behind a campaign of millions. As many as plan hands out. Tasks that wake senders before a
    # campaign's first chunk come this way too: 16 at a time make Cloud Run start several instances
    # (functions/pipeline/wake.ts).
    send-apns-now = { function = "send-apns", rate = 100, concurrent = 16 }

    # The rate is FCM's quota, see above. 24 slots for 2.375 a second let a chunk take ten seconds; it
    # takes about two.
    send-fcm = { function = "send-fcm", rate = local.fcm_chunk_rate, concurrent = 24 }

    send-fcm-now = { function = "send-fcm", rate = local.fcm_chunk_now_rate, concurrent = 16 }

    # Handlers wait for other people's servers. Half of the slots; the other half is for Pub/Sub's pushes.
    deliver = { function = "deliver", rate = 50, concurrent = 40 }
  }

  # A task that has used up its attempts is gone, without a dead-letter queue. The pipeline's tasks
  # need no last attempt: the sweep finds their work 15 minutes later and queues it again. So these
  # attempts, about 50 minutes of them, are for an outage of Firestore; a provider's outage is counted
  # in the chunk (functions/model/timing.ts). A webhook's backoff is longer: about a day in all.
  retries = {
    pipeline = { attempts = 60, min = "1s", max = "60s", doublings = 6 }
    deliver  = { attempts = 40, min = "10s", max = "3600s", doublings = 8 }
  }

  # A call of an inbound webhook is answered when its task is queued, and is stored nowhere else, so no
  # sweep finds it. A task of this queue is retried until both limits are reached. So while its function
  # fails (a bad deployment, a refused invoker), the calls wait up to two weeks for the repair.
  # https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues#RetryConfig
  plan_lasts = "1209600s"

  # Which functions queue which tasks; see functions/pipeline/. A sending function queues only its own
  # tasks again; the sweep of `tick` queues all lost work.
  enqueuers = {
    # a task whose attempts are used up goes on as a new one (functions/pipeline/handler.ts)
    plan      = ["api", "plan", "tick"]
    shard     = ["plan", "tick"]
    send-apns = ["plan", "send-apns", "tick"]
    # the function that accepts a single push also plans it
    send-apns-now = ["api", "plan", "send-apns", "tick"]
    send-fcm      = ["plan", "send-fcm", "tick"]
    send-fcm-now  = ["api", "plan", "send-fcm", "tick"]
    # deliveries of an event, a delivery that a user repeats, one whose task was lost
    deliver = ["api", "deliver", "tick"]
  }

  # The functions that ask whether a task still waits before they queue its work again: `tick` in its
  # sweep, and `plan` for the shards and chunks of a campaign that is resumed.
  finders = merge(
    { for queue in keys(local.queues) : "${queue} tick" => { queue = queue, function = "tick" } },
    { for queue in keys(local.queues) : "${queue} plan" => { queue = queue, function = "plan" } if can(regex("^s(hard|end)", queue)) },
  )
}

resource "google_cloud_tasks_queue" "this" {
  for_each = local.queues

  name     = "${var.prefix}-${each.key}"
  location = var.region

  rate_limits {
    max_dispatches_per_second = each.value.rate
    max_concurrent_dispatches = each.value.concurrent
  }

  retry_config {
    max_attempts       = local.retries[each.key == "deliver" ? "deliver" : "pipeline"].attempts
    min_backoff        = local.retries[each.key == "deliver" ? "deliver" : "pipeline"].min
    max_backoff        = local.retries[each.key == "deliver" ? "deliver" : "pipeline"].max
    max_doublings      = local.retries[each.key == "deliver" ? "deliver" : "pipeline"].doublings
    max_retry_duration = each.key == "plan" ? local.plan_lasts : "0s"
  }

  depends_on = [google_project_service.this]
}

# `volley doctor` checks that they run, and that the functions take their tasks.
resource "google_cloud_tasks_queue_iam_member" "doctor" {
  for_each = local.queues

  name     = google_cloud_tasks_queue.this[each.key].name
  location = var.region
  role     = "roles/cloudtasks.viewer"
  member   = google_service_account.function["api"].member
}

resource "google_cloud_tasks_queue_iam_member" "enqueuer" {
  for_each = merge([
    for queue, functions in local.enqueuers : { for function in functions : "${queue} ${function}" => { queue = queue, function = function } }
  ]...)

  name     = google_cloud_tasks_queue.this[each.value.queue].name
  location = var.region
  role     = "roles/cloudtasks.enqueuer"
  member   = google_service_account.function[each.value.function].member
}

# Google's smallest role with this permission can also list tasks and read their bodies. This role has
# nothing but the permission.
resource "google_project_iam_custom_role" "task_finder" {
  role_id     = "${replace(var.prefix, "-", "_")}_task_finder"
  title       = "Volley: sees whether a task waits"
  permissions = ["cloudtasks.tasks.get"]

  depends_on = [google_project_service.this]
}

resource "google_cloud_tasks_queue_iam_member" "finder" {
  for_each = local.finders

  name     = google_cloud_tasks_queue.this[each.value.queue].name
  location = var.region
  role     = google_project_iam_custom_role.task_finder.name
  member   = google_service_account.function[each.value.function].member
}
