-- The dialect and the columns are given, so nothing is sniffed. An empty field
-- stays an empty text: no text in the files is \N. Rows have no numbers, with
-- which DuckDB reads on one thread.
COPY (
  SELECT *, TIMESTAMP '{{.Now}}' AS ingestion_timestamp
  FROM read_csv([{{.Transactions}}], auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', nullstr = '\N',
    filename = 'source_file', columns = {
      'transaction_id': 'VARCHAR', 'customer_id': 'VARCHAR', 'product_id': 'VARCHAR', 'transaction_date': 'VARCHAR',
      'amount': 'VARCHAR', 'quantity': 'VARCHAR', 'status': 'VARCHAR'})
) TO '{{.Lake}}/bronze/transactions/ingestion_date={{.Today}}/rows.parquet' (FORMAT parquet, COMPRESSION snappy);

COPY (
  SELECT *, TIMESTAMP '{{.Now}}' AS ingestion_timestamp
  FROM read_csv([{{.Customers}}], auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', nullstr = '\N',
    filename = 'source_file', columns = {
      'customer_id': 'VARCHAR', 'first_name': 'VARCHAR', 'last_name': 'VARCHAR', 'email': 'VARCHAR', 'phone': 'VARCHAR',
      'registration_date': 'VARCHAR', 'loyalty_points': 'VARCHAR'})
) TO '{{.Lake}}/bronze/customers/ingestion_date={{.Today}}/rows.parquet' (FORMAT parquet, COMPRESSION snappy);
