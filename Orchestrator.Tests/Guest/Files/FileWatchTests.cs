using System.Net;
using System.Runtime.Versioning;
using System.Text.Json;
using Orchestrator.Guest.Files.Serving;
using Orchestrator.Tests.Infrastructure;

namespace Orchestrator.Tests.Guest.Files;

/// <summary><c>WatchDir</c> and the watchers that are asked.</summary>
[SupportedOSPlatform("linux")]
public sealed class FileWatchTests : IAsyncLifetime
{
    private GuestFiles _guest = null!;

    public async ValueTask InitializeAsync() => _guest = await GuestFiles.StartAsync();

    public ValueTask DisposeAsync() => _guest.DisposeAsync();

    [Fact]
    public async Task WatchDir_WhatHappensToAFile_IsToldInOrder()
    {
        using var events = await StartAsync(new { path = _guest.Folder });
        var path = _guest.Write("a", "text");
        Assert.Equal(["CREATE a", "WRITE a"], await events.UntilAsync("WRITE a"));
        File.SetUnixFileMode(path, UnixFileMode.UserRead);
        Assert.Equal(["CHMOD a"], (await events.UntilAsync("CHMOD a")).Where(one => one != "WRITE a"));
        File.Move(path, _guest.At("b"));
        Assert.Equal(["RENAME a", "CREATE b"], await events.UntilAsync("CREATE b"));
        File.Delete(_guest.At("b"));
        Assert.Equal(["REMOVE b"], await events.UntilAsync("REMOVE b"));
    }

    [Fact]
    public async Task WatchDir_NotRecursive_TellsNothingOfFoldersBelow()
    {
        Directory.CreateDirectory(_guest.At("below"));
        using var events = await StartAsync(new { path = _guest.Folder });
        _guest.Write("below/a", "text");
        _guest.Write("new/a", "text");
        _guest.Write("last", "");

        Assert.Equal(["CREATE new", "CREATE last"], await events.UntilAsync("CREATE last"));
    }

    [Fact]
    public async Task WatchDir_TreesMadeWhileWatched_AreToldOnceEach()
    {
        const int Trees = 30;
        using var events = await StartAsync(new { path = _guest.Folder, recursive = true });
        for (var tree = 0; tree < Trees; tree++)
        {
            _guest.Write($"t{tree}/a/b/c/file", "text");
        }

        _guest.Write("last", "");
        var seen = await events.UntilAsync("CREATE last");
        // What was made in a tree may be told after the tree's neighbour.
        var expected = Enumerable.Range(0, Trees).SelectMany(tree => new[]
        {
            $"CREATE t{tree}", $"CREATE t{tree}/a", $"CREATE t{tree}/a/b", $"CREATE t{tree}/a/b/c", $"CREATE t{tree}/a/b/c/file",
        }).ToList();
        while (expected.Exists(one => !seen.Contains(one)))
        {
            seen.AddRange(await events.UntilAsync(expected.First(one => !seen.Contains(one))));
        }

        Assert.Equal(expected.Order(), seen.Where(one => one.StartsWith("CREATE t", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public async Task WatchDir_FolderRenamed_GoesOnUnderItsNewName()
    {
        _guest.Write("old/deep/x", "");
        using var events = await StartAsync(new { path = _guest.Folder, recursive = true });
        Directory.Move(_guest.At("old"), _guest.At("new"));
        _guest.Write("new/deep/a", "");

        Assert.Equal(["RENAME old", "CREATE new", "CREATE new/deep/a"], await events.UntilAsync("CREATE new/deep/a"));
    }

    [Fact]
    public async Task WatchDir_FolderMovedOutOrIn_EndsOrBeginsToBeTold()
    {
        Directory.CreateDirectory(_guest.At("tree", "leaves"));
        _guest.Write("outside/comes/in", "text");
        using var events = await StartAsync(new { path = _guest.At("tree"), recursive = true });
        Directory.Move(_guest.At("tree", "leaves"), _guest.At("left"));
        Directory.Move(_guest.At("outside", "comes"), _guest.At("tree", "comes"));
        Assert.Equal(
            ["RENAME leaves", "CREATE comes", "CREATE comes/in", "WRITE comes/in"], await events.UntilAsync("WRITE comes/in"));

        // The watch of the folder that left ends when the queue has been empty: then nothing of it is told.
        await Eventually.TrueAsync(async () =>
        {
            var mark = $"mark-{Guid.NewGuid():N}";
            _guest.Write($"left/{mark}", "");
            _guest.Write($"tree/{mark}", "");
            return !(await events.UntilAsync($"CREATE {mark}")).Contains($"CREATE leaves/{mark}");
        }, what: "The end of the watch");
    }

    [Fact]
    public async Task WatchDir_FolderRemoved_TellsSoAndEnds()
    {
        Directory.CreateDirectory(_guest.At("tree"));
        using var events = await StartAsync(new { path = _guest.At("tree") });
        Directory.Delete(_guest.At("tree"));

        Assert.Equal("REMOVE .", (await events.UntilAsync("REMOVE ."))[^1]);
        Assert.Null(await events.NextAsync());
        Assert.Null(events.Error);
    }

    [Fact]
    public async Task WatchDir_IncludeEntry_CarriesWhatIsThere()
    {
        using var events = await StartAsync(new { path = _guest.Folder, include_entry = true });
        Directory.CreateDirectory(_guest.At("folder"));
        Directory.Delete(_guest.At("folder"));
        Directory.CreateDirectory(_guest.At("second"));

        var entries = new Dictionary<string, JsonElement?>();
        while (!entries.ContainsKey("CREATE second"))
        {
            var happened = (await events.NextAsync())!.Value.GetProperty("filesystem");
            var key = $"{happened.GetProperty("type").GetString()!["EVENT_TYPE_".Length..]} {happened.GetProperty("name").GetString()}";
            entries[key] = happened.TryGetProperty("entry", out var entry) ? entry : null;
        }

        Assert.Equal("FILE_TYPE_DIRECTORY", entries["CREATE second"]?.GetProperty("type").GetString());
        Assert.Equal(_guest.At("second"), entries["CREATE second"]?.GetProperty("path").GetString());
        Assert.Null(entries["REMOVE folder"]);
    }

    [Fact]
    public async Task WatchDir_Uploads_ShowNoTemporaryNames()
    {
        using var events = await StartAsync(new { path = _guest.Folder, recursive = true });
        using var put = await _guest.SendAsync(HttpMethod.Put, GuestFiles.Url(_guest.At("a")), new StringContent("text"));

        Assert.Equal(["CREATE a"], await events.UntilAsync("CREATE a"));
    }

    [Theory]
    [InlineData("missing", "not_found")]
    [InlineData("file", "invalid_argument")]
    public async Task WatchDir_NoFolder_EndsWithTheReason(string name, string code)
    {
        _guest.Write("file", "");
        using var events = await _guest.WatchAsync(new { path = _guest.At(name) });

        Assert.Null(await events.NextAsync());
        Assert.Equal(code, events.Error?.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Watcher_AskedNowAndThen_TellsWhatHappenedSince()
    {
        var (_, made) = await _guest.CallAsync("CreateWatcher", new { path = _guest.Folder, recursive = true });
        var id = made.GetProperty("watcherId").GetString();
        _guest.Write("a", "");
        await Eventually.TrueAsync(async () => (await NamesAsync(new { watcherId = id })) is ["a"], what: "The first event");
        _guest.Write("b/c", "");
        var seen = new List<string>();
        await Eventually.TrueAsync(
            async () =>
            {
                seen.AddRange(await NamesAsync(new { watcher_id = id }));
                return seen.Contains("b/c");
            },
            what: "The second events");

        Assert.Equal(["b", "b/c"], seen);
        Assert.Equal(HttpStatusCode.OK, (await _guest.CallAsync("RemoveWatcher", new { watcherId = id })).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _guest.CallAsync("GetWatcherEvents", new { watcherId = id })).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _guest.CallAsync("RemoveWatcher", new { watcherId = id })).Status);
    }

    [Fact]
    public async Task Watcher_MoreThanTheLimit_IsRefusedUntilOneIsRemoved()
    {
        var ids = new List<string>();
        for (var number = 0; number < Watchers.Limit; number++)
        {
            ids.Add((await _guest.CallAsync("CreateWatcher", new { path = _guest.Folder })).Body.GetProperty("watcherId").GetString()!);
        }

        var (status, error) = await _guest.CallAsync("CreateWatcher", new { path = _guest.Folder });
        Assert.Equal((HttpStatusCode.TooManyRequests, "resource_exhausted"), (status, error.GetProperty("code").GetString()));
        await _guest.CallAsync("RemoveWatcher", new { watcherId = ids[0] });
        Assert.Equal(HttpStatusCode.OK, (await _guest.CallAsync("CreateWatcher", new { path = _guest.Folder })).Status);
    }

    private async Task<string[]> NamesAsync(object message)
    {
        var (status, answer) = await _guest.CallAsync("GetWatcherEvents", message);
        Assert.Equal(HttpStatusCode.OK, status);
        return [.. answer.GetProperty("events").EnumerateArray()
            .Where(happened => happened.GetProperty("type").GetString() == "EVENT_TYPE_CREATE")
            .Select(happened => happened.GetProperty("name").GetString()!)];
    }

    private async Task<EventReader> StartAsync(object message)
    {
        var events = await _guest.WatchAsync(message);
        await events.StartsAsync();
        return events;
    }
}
