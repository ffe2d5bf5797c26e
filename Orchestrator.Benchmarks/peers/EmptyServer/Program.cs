// The template's empty ASP.NET Core application: the cost of any service of this runtime.
var app = WebApplication.CreateBuilder(args).Build();
app.MapGet("/", () => "Hello World!");
app.Run();
