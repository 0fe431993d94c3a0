SET threads = {{.Threads}};
SET memory_limit = '4GB';
SET temp_directory = '{{.Temp}}';
SET preserve_insertion_order = false;
SET partitioned_write_max_open_files = 400;
