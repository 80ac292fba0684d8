"""The file formats of tables: each opens a file and yields its columns in pieces."""
