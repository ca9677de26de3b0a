# Four deployments against mocks of the provider: what each variable does. test/infra/deployment.test.ts
# asserts what must hold for everything that is made.

mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
}
mock_provider "google-beta" {}
mock_provider "archive" {}

variables {
  project = "example-project"
  apns    = { key_id = "ABC123DEFG", team_id = "DEF123GHIJ", topic = "com.example.app" }
}

run "usual" {
  assert {
    condition     = output.api_url == "https://volley-api-123456789012.europe-west1.run.app"
    error_message = "The API's address is the deterministic one."
  }

  assert {
    condition     = toset(keys(google_secret_manager_secret.this)) == toset(["apns-key"])
    error_message = "One app with one key has one secret."
  }

  assert {
    condition     = alltrue([for it in google_cloudfunctions2_function.this : it.service_config[0].min_instance_count == 0])
    error_message = "Nothing is kept warm unless asked for."
  }

  assert {
    condition     = google_firestore_database.this[0].deletion_policy == "ABANDON" && google_firestore_database.this[0].delete_protection_state == "DELETE_PROTECTION_ENABLED"
    error_message = "Data outlives a destroy."
  }

  assert {
    condition     = length(google_bigquery_table.events) + length(google_firebase_hosting_site.console) + length(google_iam_workload_identity_pool.github) == 0
    error_message = "What is optional is not there."
  }
}

run "everything" {
  state_key = "everything"

  variables {
    prefix         = "push"
    region         = "us-central1"
    apns           = { key_id = "ABC123DEFG", team_id = "DEF123GHIJ", topic = "com.example.app", next_key_id = "GHI123JKLM" }
    fcm            = { project = "example-apps", messages_per_minute = 750000 }
    firestore      = { database = "push", location = "nam5" }
    alert_emails   = ["oncall@example.com"]
    bigquery       = true
    warm           = { api = 1 }
    retention_days = 7
    trusted_hops   = 2
    console        = { site = "example-push", api_key = "AIza-example", oauth_client_id = "123-abc.apps.googleusercontent.com" }
    github         = { repository_id = "123456789", state_bucket = "example-state" }
  }

  assert {
    condition     = toset(keys(google_secret_manager_secret.this)) == toset(["apns-key", "apns-next-key"])
    error_message = "Two keys are two secrets."
  }

  assert {
    condition     = output.console == "CONSOLE_SITE=example-push\nFIREBASE_API_KEY=AIza-example\nGOOGLE_CLOUD_PROJECT=example-project\nOAUTH_CLIENT_ID=123-abc.apps.googleusercontent.com\nVOLLEY_PREFIX=push\nVOLLEY_REGION=us-central1\n"
    error_message = "The console is built with the settings of its deployment."
  }

  assert {
    condition     = google_project_iam_custom_role.fcm_sender[0].project == "example-apps"
    error_message = "The role to send is in the project of the apps."
  }

  assert {
    condition = (
      4000 * google_cloud_tasks_queue.this["send-fcm"].rate_limits[0].max_dispatches_per_second
      + 50 * google_cloud_tasks_queue.this["send-fcm-now"].rate_limits[0].max_dispatches_per_second <= 750000 / 60
    ) && google_cloud_tasks_queue.this["send-fcm"].rate_limits[0].max_dispatches_per_second == 2.96875
    error_message = "A larger quota is a higher rate, and never more than the quota."
  }

  assert {
    condition     = alltrue([for it in google_monitoring_alert_policy.this : length(it.notification_channels) == 1])
    error_message = "Every alert goes to those who are to be told."
  }

  assert {
    condition     = google_cloudfunctions2_function.this["api"].service_config[0].min_instance_count == 1 && google_cloudfunctions2_function.this["plan"].service_config[0].min_instance_count == 0
    error_message = "What is to be warm is warm."
  }

  assert {
    condition     = google_iam_workload_identity_pool_provider.github[0].attribute_condition == "assertion.repository_id == '123456789'"
    error_message = "No other repository is believed."
  }

  assert {
    condition     = endswith(google_service_account_iam_member.github["github-apply"].member, "/attribute.may/apply")
    error_message = "Only jobs of the protected environment apply."
  }
}

run "several_apps" {
  state_key = "several_apps"

  variables {
    several_apps = true
  }

  assert {
    condition     = toset(keys(google_secret_manager_secret.this)) == toset(["apps"])
    error_message = "The file of the apps stands for all other credentials."
  }

  assert {
    condition = alltrue([
      for name in ["api", "send-apns", "send-fcm"] :
      google_cloudfunctions2_function.this[name].service_config[0].environment_variables["VOLLEY_APPS"] == "/secrets/apps/value"
      && !contains(keys(google_cloudfunctions2_function.this[name].service_config[0].environment_variables), "APNS_KEY_ID")
    ])
    error_message = "Who sends has the file and nothing beside it."
  }
}

run "there_already" {
  state_key = "there_already"

  variables {
    apns      = null
    fcm       = null
    firestore = { create = false }
  }

  assert {
    condition     = length(google_firestore_database.this) + length(google_secret_manager_secret.this) + length(google_project_iam_custom_role.fcm_sender) == 0
    error_message = "Nothing is made that was not asked for."
  }
}

# the state of the run "usual", as if `-backend-config=prefix=` had been forgotten
run "another_deployment_with_this_state" {
  command = plan

  variables {
    prefix = "other"
  }

  expect_failures = [terraform_data.deployment]
}
