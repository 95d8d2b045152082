-- What a message shows is looked for when somebody reacts to it.
CREATE INDEX deliveries_of_message ON deliveries (message_id) WHERE message_id <> 0;
CREATE INDEX jobs_of_notice ON jobs (notice_id) WHERE notice_id <> 0;
