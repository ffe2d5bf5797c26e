using Orchestrator.Client;
using Orchestrator.ServiceDefaults.OpenApi;
using Orchestrator.ServiceDefaults.Security;

namespace Orchestrator.Api.Sessions.Files;

/// <summary>The calls of docs/contract/sandbox.md, section 3.</summary>
internal static class FileEndpoints
{
    private const string Octets = "application/octet-stream";
    private const string Entry = """
        {"name":"main.py","type":"FILE_TYPE_FILE","path":"/home/user/main.py","size":"12","mode":420,"permissions":"-rw-r--r--",
        "owner":"user","group":"user","modifiedTime":"2026-01-01T00:00:00+00:00"}
        """;

    public static void MapFiles(this IEndpointRouteBuilder runners)
    {
        var group = runners.MapGroup("/{sessionId}/files").WithTags("Files").FailsWithoutGuest()
            .Fails(400, "FIELD_REQUIRED", "path is required: a path in the runner.");

        group.MapGet("", FileHandlers.ReadAsync)
            .WithName("ReadFile")
            .WithSummary("Read a file, or a directory as a tar archive")
            .WithDescription("Ranges, ETag and conditional requests work on files.")
            .Answers<string>(200, "print(1)\n", Octets);

        group.MapPut("", FileHandlers.WriteAsync)
            .WithName("WriteFile")
            .WithSummary("Write the body to a file")
            .WithDescription("Missing parents are made; the file is replaced as a whole. A body of application/x-tar is unpacked into the directory.")
            .TakesBytes("print(1)\n")
            .Answers(204)
            .Fails(507, "NO_SPACE", "The disk is full.");

        group.MapDelete("", FileHandlers.RemoveAsync)
            .WithName("RemoveFile")
            .WithSummary("Remove a file or directory")
            .WithDescription("A directory goes with everything in it; a missing one is no error.")
            .Answers(204);

        group.MapGet("/list", FileHandlers.ListAsync)
            .WithName("ListFiles")
            .WithSummary("List a directory")
            .Answers<FileList>(200, $$"""{"entries":[{{Entry}}]}""");

        group.MapPost("/move", FileHandlers.MoveAsync)
            .WithName("MoveFile")
            .WithSummary("Move a file or directory")
            .Takes(ContractJson.Default.MoveRequest, """{"source":"old.txt","destination":"folder/new.txt"}""")
            .Answers<FileAnswer>(200, $$"""{"entry":{{Entry}}}""");

        group.MapPost("/directory", FileHandlers.MakeDirectoryAsync)
            .WithName("MakeDirectory")
            .WithSummary("Make a directory and its parents")
            .Takes(ContractJson.Default.DirectoryRequest, """{"path":"folder"}""")
            .Answers<FileAnswer>(201, $$"""{"entry":{{Entry.Replace("FILE_TYPE_FILE", "FILE_TYPE_DIRECTORY", StringComparison.Ordinal)}}}""")
            .Fails(409, "ALREADY_EXISTS", "The directory exists.");

        group.MapGet("/watch", FileWatch.WatchAsync)
            .WithName("WatchFiles")
            .WithSummary("Stream what changes below a directory")
            .WithDescription("Server-sent events create, write, remove, rename and chmod.")
            .Answers<string>(200, "event: create\ndata: {\"name\":\"main.py\"}\n\n", "text/event-stream");

        group.MapPost("/link", FileHandlers.LinkAsync)
            .WithName("LinkFile")
            .WithSummary("Make a signed link to a file that needs no key")
            .WithDescription("For GET, or with operation write for PUT. It expires with the runner at the latest.")
            .Takes(ContractJson.Default.FileLinkRequest, """{"path":"main.py","operation":"read","expiresInSeconds":3600}""")
            .Answers<FileLink>(200, """
                {"url":"http://localhost:3001/api/runner/my-session/files/signed?path=main.py&expires=1767229200&signature=abc",
                "expiresAt":"2026-01-01T01:00:00+00:00"}
                """);

        group.MapMethods("/signed", [HttpMethods.Get, HttpMethods.Put], FileHandlers.SignedAsync)
            .ExcludeFromDescription()
            .AllowAnonymous()
            .WithBodyLimit(null);
    }
}
