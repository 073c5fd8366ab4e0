# CPack's, before it makes packages: every file gets the commit's time, not that of its checkout. rpm only clamps times that
# are later than the commit's, and a file that an older checkout brought is earlier.
execute_process(
  COMMAND find "${CPACK_TEMPORARY_DIRECTORY}" -exec touch --no-dereference "--date=@$ENV{SOURCE_DATE_EPOCH}" {} +
  COMMAND_ERROR_IS_FATAL ANY)
