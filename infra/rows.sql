WITH parts AS (
  SELECT data.data AS part FROM `EVENTS`
  WHERE JSON_VALUE(attributes.type) = 'warehouse.rows' AND INT64(data.data.schema) = 1
  QUALIFY ROW_NUMBER() OVER (PARTITION BY JSON_VALUE(data.id) ORDER BY publish_time) = 1
),
rows_of_runs AS (
  SELECT TIMESTAMP(JSON_VALUE(part.run)) AS run, it
  FROM parts, UNNEST(JSON_QUERY_ARRAY(part, '$.rows')) AS it
),
ended AS (
  SELECT JSON_VALUE(it.campaignId) AS campaign_id, MAX(run) AS run
  FROM rows_of_runs WHERE JSON_VALUE(it.kind) = 'end' GROUP BY 1
)
SELECT
  JSON_VALUE(it.campaignId) AS campaign_id,
  run,
  JSON_VALUE(it.kind) AS kind,
  JSON_VALUE(it.device) AS device,
  JSON_VALUE(it.installationId) AS installation_id,
  JSON_VALUE(it.provider) AS provider,
  JSON_VALUE(it.outcome) AS outcome,
  JSON_VALUE(it.reason) AS reason,
  SAFE_CAST(JSON_VALUE(it.attempts) AS INT64) AS attempts,
  JSON_VALUE(it.receipt) AS receipt,
  TIMESTAMP(JSON_VALUE(it, '$.at')) AS happened_at
FROM rows_of_runs
JOIN ended USING (run)
WHERE ended.campaign_id = JSON_VALUE(it.campaignId) AND JSON_VALUE(it.kind) != 'end'
