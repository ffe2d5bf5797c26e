using System.Net;
using System.Runtime.Versioning;
using System.Text;
using System.Text.Json;
using Orchestrator.Guest.Files.Native;
using Orchestrator.Guest.Supervision;

namespace Orchestrator.Tests.Guest.Files;

/// <summary>The unary methods of <c>filesystem.Filesystem</c>.</summary>
[SupportedOSPlatform("linux")]
public sealed class FilesystemTests : IAsyncLifetime
{
    private static readonly byte[] Odd = [(byte)'o', 0xff, (byte)'\n', (byte)'"'];

    private GuestFiles _guest = null!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _guest = await GuestFiles.StartAsync();

    public ValueTask DisposeAsync() => _guest.DisposeAsync();

    [Fact]
    public async Task Stat_File_TellsAllOfIt()
    {
        var path = _guest.Write("a.txt", "12345");
        File.SetUnixFileMode(path, (UnixFileMode)0x1a0);
        File.SetLastWriteTimeUtc(path, new DateTime(2024, 2, 3, 4, 5, 6, DateTimeKind.Utc).AddTicks(1234567));

        var (status, answer) = await _guest.CallAsync("Stat", new { path });

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(
            $$"""{"name":"a.txt","type":"FILE_TYPE_FILE","path":"{{path}}","size":"5","mode":416,"permissions":"-rw-r-----","owner":"{{Environment.UserName}}","group":"{{GroupName()}}","modifiedTime":"2024-02-03T04:05:06.1234567Z"}""",
            answer.GetProperty("entry").GetRawText());
    }

    [Theory]
    [InlineData(0x1ed, "drwxr-xr-x")]
    [InlineData(0x3ff, "dtrwxrwxrwx")]
    [InlineData(0xded, "dugrwxr-xr-x")]
    [InlineData(0x1c0, "drwx------")]
    public async Task Stat_Folder_WritesItsModeAsGoDoes(int mode, string expected)
    {
        Directory.CreateDirectory(_guest.At("folder"));
        File.SetUnixFileMode(_guest.At("folder"), (UnixFileMode)mode);

        var entry = await EntryAsync("Stat", new { path = _guest.At("folder") });

        Assert.Equal(expected, entry.GetProperty("permissions").GetString());
        Assert.Equal(mode & 0x1ff, entry.GetProperty("mode").GetInt32());
        Assert.Equal("FILE_TYPE_DIRECTORY", entry.GetProperty("type").GetString());
    }

    [Fact]
    public async Task Stat_Link_TellsTypeAndModeOfItsTarget()
    {
        var target = _guest.Write("folder/target", "12345");
        File.SetUnixFileMode(target, UnixFileMode.UserRead);
        File.CreateSymbolicLink(_guest.At("link"), "folder/target");
        File.CreateSymbolicLink(_guest.At("second"), "link");
        File.CreateSymbolicLink(_guest.At("dangling"), "nowhere");

        var link = await EntryAsync("Stat", new { path = _guest.At("second") });
        var dangling = await EntryAsync("Stat", new { path = _guest.At("dangling") });

        Assert.Equal(target, link.GetProperty("symlinkTarget").GetString());
        Assert.Equal("FILE_TYPE_FILE", link.GetProperty("type").GetString());
        Assert.Equal(0x100, link.GetProperty("mode").GetInt32());
        Assert.StartsWith("L", link.GetProperty("permissions").GetString(), StringComparison.Ordinal);
        Assert.Equal("FILE_TYPE_UNSPECIFIED", dangling.GetProperty("type").GetString());
        Assert.Equal("nowhere", dangling.GetProperty("symlinkTarget").GetString());
    }

    [Theory]
    [InlineData("Stat")]
    [InlineData("ListDir")]
    [InlineData("CreateWatcher")]
    public async Task Method_MissingPath_IsNotFoundInConnectsForm(string method)
    {
        var (status, error) = await _guest.CallAsync(method, new { path = _guest.At("missing") });

        Assert.Equal((HttpStatusCode.NotFound, "not_found"), (status, error.GetProperty("code").GetString()));
        Assert.Contains("missing", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("~", "")]
    [InlineData("", "")]
    [InlineData("~/../.", "..")]
    [InlineData("./x//../", "")]
    public async Task Stat_PathFromTheHome_IsResolved(string path, string relative)
    {
        var entry = await EntryAsync("Stat", new { path });

        Assert.Equal(Path.GetFullPath(Path.Combine(CodeUser.Current.Home, relative)), entry.GetProperty("path").GetString());
    }

    [Fact]
    public async Task Stat_AnotherUser_IsUnauthenticated()
    {
        var headers = _guest.Client.DefaultRequestHeaders;
        headers.Add("Authorization", "Basic " + Convert.ToBase64String("nobody-of-that-name:"u8));
        var (status, error) = await _guest.CallAsync("Stat", new { path = "/" });
        headers.Remove("Authorization");
        headers.Add("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(Environment.UserName + ":")));

        Assert.Equal((HttpStatusCode.Unauthorized, "unauthenticated"), (status, error.GetProperty("code").GetString()));
        Assert.Equal(HttpStatusCode.OK, (await _guest.CallAsync("Stat", new { path = "/" })).Status);
    }

    [Fact]
    public async Task MakeDir_NewPath_MakesParentsToo()
    {
        var entry = await EntryAsync("MakeDir", new { path = _guest.At("a", "b", "c") });

        Assert.Equal("c", entry.GetProperty("name").GetString());
        Assert.Equal(0x1ed, (int)File.GetUnixFileMode(_guest.At("a", "b", "c")));
        Assert.Equal("already_exists", await CodeAsync("MakeDir", new { path = _guest.At("a", "b") }));
        Assert.Equal("invalid_argument", await CodeAsync("MakeDir", new { path = _guest.Write("file", "") }));
        Assert.Equal("invalid_argument", await CodeAsync("MakeDir", new { path = _guest.At("file", "x") }));
    }

    [Fact]
    public async Task Move_File_ReplacesAndMakesParents()
    {
        _guest.Write("b/target", "old");
        var entry = await EntryAsync("Move", new { source = _guest.Write("a", "new"), destination = _guest.At("b", "target") });
        await EntryAsync("Move", new { source = _guest.At("b"), destination = _guest.At("c", "d") });

        Assert.Equal(_guest.At("b", "target"), entry.GetProperty("path").GetString());
        Assert.Equal("new", await File.ReadAllTextAsync(_guest.At("c", "d", "target"), Cancelled));
        Assert.Equal("not_found", await CodeAsync("Move", new { source = _guest.At("a"), destination = _guest.At("x", "y") }));
        Assert.False(Directory.Exists(_guest.At("x")));
        Directory.CreateDirectory(_guest.At("empty"));
        Assert.Equal("failed_precondition", await CodeAsync("Move", new { source = _guest.At("empty"), destination = _guest.At("c", "d") }));
    }

    [Fact]
    public async Task ListDir_Tree_TellsParentsFirstDownToTheDepth()
    {
        _guest.Write("b/x/deep", "");
        _guest.Write("b/a", "");
        _guest.Write("a", "");
        File.CreateSymbolicLink(_guest.At("c"), _guest.At("b"));

        Assert.Equal(["a", "b", "c"], await NamesAsync(new { path = _guest.Folder }));
        Assert.Equal(["a", "b", "b/a", "b/x", "c"], await NamesAsync(new { path = _guest.Folder, depth = 2 }));
        Assert.Equal(["a", "b", "b/a", "b/x", "b/x/deep", "c"], await NamesAsync(new { path = _guest.Folder, depth = uint.MaxValue }));
        Assert.Equal(["c/a", "c/x"], await NamesAsync(new { path = _guest.At("c") }));
        Assert.Equal("invalid_argument", await CodeAsync("ListDir", new { path = _guest.At("a") }));
    }

    [Fact]
    public async Task ListDir_TenThousandEntries_TellsEach()
    {
        for (var number = 0; number < 10_000; number++)
        {
            File.WriteAllBytes(_guest.At($"{number:d5}"), []);
        }

        var names = await NamesAsync(new { path = _guest.Folder });

        Assert.Equal(Enumerable.Range(0, 10_000).Select(number => $"{number:d5}"), names);
    }

    [Fact]
    public async Task ListDirAndRemove_NamesThatAreNoText_AreToldAndRemoved()
    {
        Directory.CreateDirectory(_guest.At("tree"));
        var odd = PosixPath.Of(_guest.At("tree")) / new PosixPath(Odd);
        Assert.Equal(0, Libc.MakeDirectoryAt(Libc.AT_FDCWD, odd, 0x1ed));
        var file = Libc.OpenAt(Libc.AT_FDCWD, odd / new PosixPath([0x80]), Libc.O_CREAT | Libc.O_WRONLY, 0x1a4);
        new OpenFile(file).Dispose();

        var names = await NamesAsync(new { path = _guest.At("tree"), depth = 9 });
        await RemoveAsync(_guest.At("tree"));

        Assert.Equal(["o\ufffd\n\"", "o\ufffd\n\"/\ufffd"], names);
        Assert.False(Directory.Exists(_guest.At("tree")));
    }

    [Fact]
    public async Task Remove_Tree_TakesLinksAndLeavesTheirTargets()
    {
        var kept = _guest.Write("kept/file", "");
        _guest.Write("tree/a/b", "");
        File.CreateSymbolicLink(_guest.At("tree", "link"), _guest.At("kept"));

        await RemoveAsync(_guest.At("tree"));
        await RemoveAsync(_guest.At("tree"));
        await RemoveAsync(_guest.At("tree", "below", "nothing"));

        Assert.False(Path.Exists(_guest.At("tree")));
        Assert.True(File.Exists(kept));
        Assert.Equal("invalid_argument", await CodeAsync("Remove", new { path = "" }));
    }

    [Fact]
    public async Task Remove_TreeDeeperThanAPathIsLong_TakesAllOfIt()
    {
        const int Depth = 3000;
        Directory.CreateDirectory(_guest.At("deep"));
        var name = PosixPath.Of("ten-or-so-");
        var folder = OpenFile.FolderAt(Libc.AT_FDCWD, PosixPath.Of(_guest.At("deep")));
        for (var level = 0; level < Depth; level++)
        {
            Assert.Equal(0, Libc.MakeDirectoryAt(folder, name, 0x1ed));
            using var above = new OpenFile(folder);
            folder = OpenFile.FolderAt(folder, name);
        }

        new OpenFile(folder).Dispose();
        await RemoveAsync(_guest.At("deep"));

        Assert.False(Path.Exists(_guest.At("deep")));
    }

    private static string GroupName()
    {
        var number = File.ReadLines("/proc/self/status").Single(line => line.StartsWith("Gid:", StringComparison.Ordinal)).Split('\t')[1];
        return File.ReadLines("/etc/group").Select(line => line.Split(':')).First(parts => parts[2] == number)[0];
    }

    private async Task RemoveAsync(string path)
    {
        var (status, answer) = await _guest.CallAsync("Remove", new { path });
        Assert.Equal((HttpStatusCode.OK, "{}"), (status, answer.GetRawText()));
    }

    private async Task<string?> CodeAsync(string method, object message) =>
        (await _guest.CallAsync(method, message)).Body.GetProperty("code").GetString();

    private async Task<JsonElement> EntryAsync(string method, object message)
    {
        var (status, answer) = await _guest.CallAsync(method, message);
        Assert.True(status == HttpStatusCode.OK, answer.GetRawText());
        return answer.GetProperty("entry");
    }

    private async Task<string[]> NamesAsync(object message)
    {
        var (status, answer) = await _guest.CallAsync("ListDir", message);
        Assert.Equal(HttpStatusCode.OK, status);
        var prefix = Path.GetDirectoryName(_guest.Folder + "/x") + "/";
        return [.. answer.GetProperty("entries").EnumerateArray().Select(entry =>
        {
            var path = entry.GetProperty("path").GetString()!;
            return path[(path.StartsWith(_guest.At("tree") + "/", StringComparison.Ordinal) ? _guest.At("tree").Length + 1 : prefix.Length)..];
        })];
    }
}
