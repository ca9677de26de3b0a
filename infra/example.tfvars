# Copy this to my.tfvars (git ignores that) and change what is yours. Only `project` must be there.

project = "my-project-1234"
region  = "europe-west1"

# For iOS, from developer.apple.com: Keys. The key itself is a secret: README.md, step 5.
# apns = {
#   key_id  = "ABC123DEFG"
#   team_id = "DEF123GHIJ"
#   topic   = "com.example.app"
# }

# Your apps' Firebase project, if it is another one than this; a quota you were granted.
# fcm = { project = "my-apps-1234", messages_per_minute = 750000 }

# Where public services are forbidden (domain restricted sharing): docs/operations.md, "If something is refused".
# public = false

# alert_emails = ["push-team@example.com"]

# The first push of the day without a cold start, for the price of a small machine each.
# warm = { api = 1, plan = 1, send-apns = 1, send-fcm = 1 }

# bigquery = true

# The console on Firebase Hosting: docs/console.md.
# console = { site = "my-project-volley", api_key = "AIza…", oauth_client_id = "123….apps.googleusercontent.com" }

# github = { repository_id = "123456789", state_bucket = "my-project-1234-terraform" }
